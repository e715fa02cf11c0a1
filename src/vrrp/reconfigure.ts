/** What a changed setting means for a running virtual router. Pure. */
import { familyOf, type VirtualRouterConfig } from '../config/model.js'
import { keyOfAddress } from './holdings.js'

/** Changed without an election; any other key makes it another router, which joins the election anew. */
const live: ReadonlySet<string> = new Set<keyof VirtualRouterConfig>([
  'addresses',
  'routes',
  'rules',
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
const alsoLive: ReadonlySet<string> = new Set(['track', 'accept'])

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

/** What an Active does about it: `claim` what it must have now, `announce` what is new. */
export function changesOf(
  before: VirtualRouterConfig,
  after: VirtualRouterConfig,
): { readonly claim: boolean; readonly announce: boolean } {
  const had = new Set(before.addresses.map(keyOfAddress))
  const announce = after.addresses.some((address) => !had.has(keyOfAddress(address)))
  const held = ({ addresses, routes, rules, lease }: VirtualRouterConfig): string =>
    JSON.stringify([addresses, routes, rules, lease ?? null])
  return { announce, claim: held(before) !== held(after) }
}
