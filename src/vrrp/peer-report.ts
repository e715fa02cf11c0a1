/**
 * What the directors tell each other about themselves over the pair's vrrp channel, besides adverts: at
 * each change, each second, and beside each advertisement of protocol 112. All numbers are big-endian.
 *
 *     0               1               2               3
 *    +---------------+---------------+---------------+---------------+
 *    |   Type 0x20   |    Version 1  |   Flags: 1 counts, 2 adv.     |
 *    +---------------+---------------+---------------+---------------+
 *    |        Healthy servers        |   Servers not judged yet      |
 *    +---------------+---------------+---------------+---------------+
 *    |        All servers            |  Routers that follow          |
 *    +---------------+---------------+---------------+---------------+
 *    each: name length, name, state, priority, length of what is lost (0: nothing), text
 *
 * Bytes behind the last router belong to later versions and are skipped.
 */
import { Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import { type Priority, priority as toPriority } from '../base/units.js'
import type { RouterState } from './status.js'
import type { ServerCounts } from './tracking/services.js'

export interface RouterReport {
  readonly name: string
  readonly state: RouterState
  readonly priority: Priority
  /** A tracked gateway or interface that this director has lost, in words; undefined: none. */
  readonly lost: string | undefined
}

export interface PeerReport {
  readonly servers: ServerCounts | undefined
  readonly routers: readonly RouterReport[]
  /** Sent beside an advertisement of the one router in it. */
  readonly advertised: boolean
}

export type ReportProblem = 'truncated' | 'type' | 'version' | 'state'

const messageType = 0x20
const version = 1
const hasCounts = 1
const besideAdvertisement = 2
const states: readonly RouterState[] = ['initialize', 'backup', 'active', 'fault', 'maintenance']
const longestLost = 100
/** Nine routers with the longest names and texts fit one message of the pair link. */
export const routersPerReport = 8

export const isPeerReport = (message: Uint8Array): boolean => message[0] === messageType

/** At most `routersPerReport` routers. */
export function encodePeerReport({ servers, routers, advertised }: PeerReport): Uint8Array {
  const writer = new Writer(128)
    .u8(messageType)
    .u8(version)
    .u16be((servers ? hasCounts : 0) | (advertised ? besideAdvertisement : 0))
    .u16be(servers?.healthy ?? 0)
    .u16be(servers?.unknown ?? 0)
    .u16be(servers?.total ?? 0)
    .u16be(routers.length)
  for (const { name, state, priority, lost } of routers) {
    short(writer, Buffer.from(name))
    writer.u8(states.indexOf(state)).u8(priority)
    short(writer, Buffer.from(lost ?? '').subarray(0, longestLost))
  }
  return writer.finish()
}

const short = (writer: Writer, bytes: Uint8Array): Writer => writer.u8(bytes.length).bytes(bytes)

/** Never throws. Text is for people: it is made printable. */
export function decodePeerReport(message: Uint8Array): Result<PeerReport, ReportProblem> {
  const reader = new Reader(message)
  if (reader.u8() !== messageType) return fail('type')
  if (reader.u8() !== version) return fail('version')
  const flags = reader.u16be()
  const counts = { healthy: reader.u16be(), unknown: reader.u16be(), total: reader.u16be() }
  const count = reader.u16be()
  const routers: RouterReport[] = []
  for (let i = 0; i < count && !reader.failed; i++) {
    const name = text(reader)
    const state = states[reader.u8()]
    const priority = toPriority(reader.u8())
    const lost = text(reader)
    if (reader.failed) break
    if (state === undefined || priority === undefined) return fail('state')
    routers.push({ name, state, priority, lost: lost === '' ? undefined : lost })
  }
  if (reader.failed) return fail('truncated')
  const advertised = (flags & besideAdvertisement) !== 0
  return ok({ servers: (flags & hasCounts) === 0 ? undefined : counts, routers, advertised })
}

const text = (reader: Reader): string =>
  Buffer.from(reader.take(reader.u8()))
    .toString('utf8')
    .replace(/[\p{Cc}\p{Cf}\ufffd]/gu, '?')
