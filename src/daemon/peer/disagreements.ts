/** Servers that the two directors have judged differently for longer than their checks take. Pure. */
import type { ServerHealth } from '../../base/facts.js'
import type { Millis } from '../../base/units.js'
import type { RealServerConfig, VirtualServiceConfig } from '../../config/model.js'
import { healthKey } from '../health-key.js'
import type { PeerServers, PeerVerdict } from './view.js'

export interface Disagreement {
  readonly key: string
  readonly service: string
  readonly server: string
  readonly ours: ServerHealth
  readonly theirs: PeerVerdict
  readonly since: Millis
}

/** Over the time in which both find out: for the message, and for their clocks' and processes' lateness. */
const margin = 5_000
/** Named one by one. */
const mostNamed = 5

/** Both see the same server fail, each at its own check: so long may one be behind. */
function patienceWith({ checks }: Pick<RealServerConfig, 'checks'>): number {
  let longest = 0
  for (const { interval, timeout, rise, fall } of checks)
    longest = Math.max(longest, interval * Math.max(rise, fall) + timeout)
  return margin + longest
}

/** In the order of the file. Servers that only one file has are not compared. */
export function disagreements(
  services: readonly VirtualServiceConfig[],
  own: ReadonlyMap<string, ServerHealth>,
  peer: PeerServers,
  now: Millis,
): readonly Disagreement[] {
  const found: Disagreement[] = []
  if (peer.differences.size === 0) return found
  for (const service of services)
    for (const server of service.realServers) {
      const key = healthKey(service.name, server.name)
      const since = peer.differences.get(key)
      if (since === undefined || now - since < patienceWith(server)) continue
      const [ours, theirs] = [own.get(key), peer.of(service.name, server.name)]
      if (ours && theirs) found.push({ key, service: service.name, server: server.name, ours, theirs, since })
    }
  return found
}

/** Lines of the status; many are cut short. */
export function disagreementTexts(
  found: readonly Disagreement[],
  peerName: string,
  now: Millis,
): readonly string[] {
  const lines = found
    .slice(0, mostNamed)
    .map(
      ({ service, server, ours, theirs, since }) =>
        `${service}: ${server} is ${ours.health} here (${ours.reason}) and ${theirs.health} for ${peerName} ` +
        `(${theirs.reason}) for ${Math.round((now - since) / 1000)} s: compare how both reach it`,
    )
  const more = found.length - mostNamed
  if (more > 0) lines.push(`${more} more servers are judged differently by ${peerName} and by this director`)
  return lines
}
