/** How many of all configured servers are healthy, each once for every service that it is in. Pure. */
import type { ServerHealth } from '../base/facts.js'
import type { VirtualServiceConfig } from '../config/model.js'
import type { ServerCounts } from '../vrrp/tracking/services.js'
import { healthKey } from './health-key.js'

/** A server without checks counts as healthy; one that has not been judged counts as unknown. */
export function countServers(
  services: readonly VirtualServiceConfig[],
  health: ReadonlyMap<string, ServerHealth>,
): ServerCounts {
  let healthy = 0
  let unknown = 0
  let total = 0
  for (const service of services) {
    for (const { name, checks } of service.realServers) {
      total++
      const known = checks.length === 0 ? 'healthy' : health.get(healthKey(service.name, name))?.health
      if (known === 'healthy') healthy++
      else if (known !== 'unhealthy') unknown++
    }
  }
  return { healthy, unknown, total }
}
