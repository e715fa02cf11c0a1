/** Rules about what is tracked. */
import { formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'
import { maybeNeighbour } from './neighbours.js'
import { checkProgram, type ScriptProblem } from './programs.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>
type TrackDraft = NonNullable<NonNullable<RouterDraft['track']>[number]>

export function checkTracks(file: FileDraft, report: Report, scriptProblem?: ScriptProblem): void {
  for (const [i, router] of (file.virtual_router ?? []).entries()) {
    const names = new Unique(report, 'two tracked things of one name')
    for (const [k, track] of (router?.track ?? []).entries()) {
      if (!track) continue
      const path: Path = ['virtual_router', i, 'track', k]
      const name = nameOf(track)
      if (name !== undefined) names.claim(name, path)
      checkOne(file, router ?? {}, track, path, report)
      if ('script' in track) checkScript(track, path, report, scriptProblem)
    }
  }
}

/** As `buildTrack` names it; undefined when it could not be read. */
function nameOf(track: TrackDraft): string | undefined {
  if (track.name !== undefined) return track.name
  if ('gateway' in track) return track.gateway && `gateway ${formatIp(track.gateway)}`
  if ('script' in track) return undefinedOr(track.script?.[0], (path) => `script ${path}`)
  if ('file' in track) return undefinedOr(track.file, (path) => `file ${path}`)
  if ('process' in track) return undefinedOr(track.process, (program) => `process ${program}`)
  if ('services' in track) return 'services'
  return 'interface' in track ? undefinedOr(track.interface, (where) => `interface ${where}`) : undefined
}

const undefinedOr = (value: string | undefined, text: (value: string) => string): string | undefined =>
  value === undefined ? undefined : text(value)

function checkOne(file: FileDraft, router: RouterDraft, track: TrackDraft, path: Path, report: Report): void {
  if ('file' in track && track.weight_from_content === true && track.weight !== undefined) {
    report.error([...path, 'weight'], 'the weight is in the file', {
      expected: 'weight or weight_from_content, not both',
    })
  }
  if ('services' in track && track.services !== undefined) {
    if (file.director?.length === 1)
      report.error(path, 'there is no peer that could see more servers', { expected: 'two directors' })
    if (file.virtual_service?.length === 0)
      report.error(path, 'there is no virtual_service to compare', { expected: 'a [[virtual_service]]' })
  }
  if ('gateway' in track && track.gateway) {
    const gateway = formatIp(track.gateway)
    if (router.addresses?.some((prefix) => prefix && formatIp(prefix.address) === gateway)) {
      report.error([...path, 'gateway'], `${gateway} is an address of this router`, {
        expected: 'the address of another machine',
      })
    } else if (track.interface === undefined && !maybeNeighbour(track.gateway, file)) {
      report.warning(
        [...path, 'gateway'],
        `${gateway} is in no network of the directors or the virtual addresses`,
        {
          expected: 'a neighbour of the directors, or the "interface" that it is on',
        },
      )
    }
  }
}

type ScriptDraft = Extract<TrackDraft, { readonly script?: unknown }>

function checkScript(
  track: ScriptDraft,
  path: Path,
  report: Report,
  scriptProblem: ScriptProblem | undefined,
): void {
  checkProgram(
    { command: track.script, user: track.user },
    path,
    'script',
    'the script',
    report,
    scriptProblem,
  )
  if (track.timeout !== undefined && track.interval !== undefined && track.timeout > track.interval) {
    report.warning([...path, 'timeout'], 'longer than the interval: one that hangs delays the next', {
      expected: 'at most the interval',
    })
  }
}
