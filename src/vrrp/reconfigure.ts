/** What a changed setting means for a running virtual router. Pure. */
import { formatPrefix, type IpPrefix } from '../base/ip.js'
import { familyOf, type VirtualRouterConfig } from '../config/model.js'

/** Changed without an election; any other key makes it another router, which joins the election anew. */
const live: ReadonlySet<string> = new Set<keyof VirtualRouterConfig>([
  'addresses',
  'advertisementInterval',
  'checksum',
  'preempt',
  'preemptDelay',
  'group',
  'lease',
  'garp',
  'priority',
])
/** Keys that other rooms read from the same table. */
const alsoLive: ReadonlySet<string> = new Set(['track'])

/** Whether the running router can take the new settings and keep its role. */
export function sameRouter(before: VirtualRouterConfig, after: VirtualRouterConfig): boolean {
  const fixed = (config: VirtualRouterConfig): string =>
    JSON.stringify(
      Object.entries(config)
        .filter(([key]) => !live.has(key) && !alsoLive.has(key))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  return fixed(before) === fixed(after) && familyOf(before) === familyOf(after)
}

/** Addresses that the router no longer has. */
export function removedAddresses(
  before: VirtualRouterConfig,
  after: VirtualRouterConfig,
): readonly IpPrefix[] {
  const kept = new Set(after.addresses.map(formatPrefix))
  return before.addresses.filter((prefix) => !kept.has(formatPrefix(prefix)))
}
