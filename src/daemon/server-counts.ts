/** How many of the configured servers are healthy, each once for every service that it is in. Pure. */
import type { Health, ServerHealth } from '../base/facts.js'
import type { RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import type { ServerCounts } from '../vrrp/tracking/services.js'
import { healthKey } from './health-key.js'
import type { PeerVerdict } from './peer/view.js'

type Verdicts = ReadonlyMap<string, ServerHealth>

/** A server without checks counts as healthy; one that has not been judged counts as unknown. */
export function countServers(services: readonly VirtualServiceConfig[], health: Verdicts): ServerCounts {
  let healthy = 0
  let unknown = 0
  let total = 0
  for (const service of services) {
    for (const server of service.realServers) {
      total++
      const known = ownHealth(service.name, server, health)
      if (known === 'healthy') healthy++
      else if (known === 'unknown') unknown++
    }
  }
  return { healthy, unknown, total }
}

/** Both directors' views of the servers that both have judged: whatever else either one knows, these compare. */
export interface SharedCounts {
  readonly own: ServerCounts
  readonly peer: ServerCounts
}

export function countShared(
  services: readonly VirtualServiceConfig[],
  health: Verdicts,
  peerVerdict: (service: string, server: string) => PeerVerdict | undefined,
): SharedCounts {
  let [total, here, there] = [0, 0, 0]
  for (const service of services) {
    for (const server of service.realServers) {
      const ours = ownHealth(service.name, server, health)
      const theirs = peerVerdict(service.name, server.name)?.health ?? 'unknown'
      if (ours === 'unknown' || theirs === 'unknown') continue
      total++
      if (ours === 'healthy') here++
      if (theirs === 'healthy') there++
    }
  }
  return { own: { healthy: here, unknown: 0, total }, peer: { healthy: there, unknown: 0, total } }
}

function ownHealth(service: string, { name, checks }: RealServerConfig, health: Verdicts): Health {
  return checks.length === 0 ? 'healthy' : (health.get(healthKey(service, name))?.health ?? 'unknown')
}
