/**
 * Reads a large file service by service, and again only where its text changed: the costs of a reload are
 * those of its change.
 *
 * What a service means, and every rule about it, depends on its own text and on the tables that are not
 * services; only `conflicting` looks from service to service. So the services of a valid file can be read
 * apart, each time together with those tables. Whatever is not valid is read as a whole: problems are told
 * by `parseConfig` alone.
 */
import { createHash } from 'node:crypto'
import { ok, type Result } from '../base/result.js'
import { Lines } from './lines.js'
import type { Config, VirtualServiceConfig } from './model.js'
import { digestOf, hashOf } from './normal.js'
import { parseConfig, type ValidConfig } from './parse.js'
import { cut, type Piece } from './pieces.js'
import { byPosition, type Problem } from './problem.js'
import { Report } from './report.js'
import { checkOverlaps } from './rules/service-overlaps.js'
import { homes } from './tables/file.js'
import { maxFileBytes } from './text.js'

export interface Reading extends ValidConfig {
  /** Undefined for a file that had to be read as a whole. */
  readonly texts: Texts | undefined
}

/** The texts that a configuration was read from, by digest. */
interface Texts {
  /** Of everything that is no service. */
  readonly rest: string
  /** In the order of the configuration. */
  readonly services: readonly ServiceText[]
}

interface ServiceText {
  readonly digest: string
  /** Of the service's normal form. */
  readonly normal: string
  /** Their lines count from the service's own, and their paths begin within it. */
  readonly warnings: readonly Problem[]
}

/** Services are read in portions: what is read for one is garbage before the next, and memory stays small. */
const portionBytes = 8 * 1024

/** As `parseConfig`, which it agrees with in everything. Never throws. */
export function readConfig(source: Uint8Array): Result<Reading, readonly Problem[]> {
  const reading = readPieces(source)
  if (reading) return ok(reading)
  const whole = parseConfig(source)
  return whole.ok ? ok({ ...whole.value, texts: undefined }) : whole
}

/**
 * The file of which `known` is an earlier reading; services whose text is the same are the very same objects.
 * Undefined when it has to be read as a whole, or when more than `mostBytes` would have to be parsed.
 */
export function readPieces(
  source: Uint8Array,
  known?: Reading,
  mostBytes = Number.POSITIVE_INFINITY,
): Reading | undefined {
  if (source.length > maxFileBytes) return undefined
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.length)
  const pieces = cut(bytes) ?? []
  const rest = pieces.filter(({ isService }) => !isService)
  const restDigest = digest(bytes, rest)
  const services = pieces
    .filter(({ isService }) => isService)
    .map((piece) => ({ ...piece, digest: digest(bytes, [piece]) }))

  const found = new Map<string, Found>()
  if (known?.texts?.rest === restDigest) {
    for (const [i, text] of known.texts.services.entries()) {
      const service = known.config.virtualServices[i]
      if (service) found.set(text.digest, { service, text })
    }
  }
  const missing = services.filter((service) => !found.has(service.digest))
  const restLength = sizeOf(rest)
  if (sizeOf(missing) + restLength > mostBytes) return undefined

  let frame: Portion | undefined
  // The rest is read in any case, together with a service: some of it is an error without any.
  const wanted = missing.length > 0 ? missing : services.slice(0, 1)
  for (const portion of portions(wanted, Math.max(portionBytes, restLength * 4))) {
    const read = readPortion(bytes, [...rest, ...portion].sort(byStart))
    if (!read || read.services.length !== portion.length) return undefined
    frame ??= read
    for (const [k, service] of read.services.entries()) {
      const own = portion[k]?.digest ?? ''
      const text = { digest: own, normal: digestOf(service), warnings: read.warnings[k] ?? [] }
      if (missing.length > 0) found.set(own, { service, text })
    }
  }
  const all = services.flatMap((service) => found.get(service.digest) ?? [])
  if (!frame || conflicting(all.map(({ service }) => service))) return undefined
  return assembled(frame, all, services, restDigest)
}

interface Found {
  readonly service: VirtualServiceConfig
  readonly text: ServiceText
}

const byStart = (a: Piece, b: Piece): number => a.start - b.start

/** Of at least so many bytes each, but for the last. */
function portions<P extends Piece>(pieces: readonly P[], bytes: number): readonly (readonly P[])[] {
  const all: P[][] = []
  let size = bytes
  for (const piece of pieces) {
    if (size >= bytes) {
      all.push([])
      size = 0
    }
    all.at(-1)?.push(piece)
    size += piece.end - piece.start
  }
  return all
}

const sizeOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { start, end }) => sum + end - start, 0)

function digest(bytes: Buffer, pieces: readonly Piece[]): string {
  const hash = createHash('sha256')
  for (const { start, end } of pieces) hash.update(bytes.subarray(start, end)).update('\0')
  return hash.digest('base64')
}

interface Portion {
  readonly config: Config
  readonly services: readonly VirtualServiceConfig[]
  /** Of the rest, where they stand in the file. */
  readonly restWarnings: readonly Problem[]
  /** Of each service. */
  readonly warnings: readonly (readonly Problem[])[]
}

const servicePath = /^virtual_service\[\d+\]/

function readPortion(bytes: Buffer, pieces: readonly Piece[]): Portion | undefined {
  const read = parseConfig(Buffer.concat(pieces.map(({ start, end }) => bytes.subarray(start, end))))
  if (!read.ok) return undefined
  const { config, warnings } = read.value
  const restWarnings: Problem[] = []
  const own: Problem[][] = []
  const pending = [...warnings]
  let above = 0
  for (const { line, breaks, isService } of pieces) {
    const until = pending.findIndex((warning) => warning.line > above + breaks)
    const here = pending.splice(0, until < 0 ? pending.length : until)
    if (isService) {
      const first = above
      own.push(
        here.map((one) => ({ ...one, line: one.line - first, path: one.path.replace(servicePath, '') })),
      )
    } else restWarnings.push(...here.map((one) => ({ ...one, line: one.line - above + line - 1 })))
    above += breaks
  }
  return { config, services: config.virtualServices, restWarnings, warnings: own }
}

/** Read as a whole, such a file is refused, with the places. */
function conflicting(services: readonly VirtualServiceConfig[]): boolean {
  const nowhere = { kind: 'table', offset: 0, entries: new Map() } as const
  const report = new Report(nowhere, new Lines(''), homes, [])
  const drafts = services.map(({ address, protocol }) =>
    address.kind === 'fwmark'
      ? ({ fwmark: address.mark, family: address.family === 6 ? 'ipv6' : 'ipv4' } as const)
      : { address, protocol },
  )
  checkOverlaps({ virtual_service: drafts }, report)
  return report.hasErrors || new Set(services.map(({ name }) => name)).size < services.length
}

function assembled(frame: Portion, all: readonly Found[], pieces: readonly Piece[], rest: string): Reading {
  const virtualServices = all.map(({ service }) => service)
  const texts = all.map(({ text }) => text)
  const content = { ...frame.config, virtualServices }
  const hash = hashOf(
    content,
    texts.map(({ normal }) => normal),
  )
  const warnings = [...frame.restWarnings]
  for (const [i, text] of texts.entries()) {
    const above = (pieces[i]?.line ?? 1) - 1
    for (const warning of text.warnings)
      warnings.push({ ...warning, line: above + warning.line, path: `virtual_service[${i}]${warning.path}` })
  }
  return {
    config: { ...content, hash },
    warnings: warnings.sort(byPosition),
    texts: { rest, services: texts },
  }
}
