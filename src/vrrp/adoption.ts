/** Whether a restarted vrrp process may keep the addresses that its predecessor left. Pure. */
import { equalIp } from '../base/ip.js'
import { type Millis, millis } from '../base/units.js'
import type { VirtualRouterConfig } from '../config/model.js'
import type { Attachment, LinkView } from './attachment.js'
import type { Resumed } from './setting.js'

/** A living Active is heard within one interval; and over the pair link after a handshake. */
const slack = { multicast: 50, udp: 250 } as const

/** How long to listen before the addresses are adopted, when the router was Active a moment ago and all are still there. */
export function adoption(
  resumed: Resumed | undefined,
  config: VirtualRouterConfig,
  { interface: { index } }: Attachment,
  view: LinkView,
): { readonly adoptAfter?: Millis } {
  if (!resumed?.active.includes(config.name)) return {}
  const there = config.addresses.every(({ address }) =>
    view.addresses.some((entry) => entry.interfaceIndex === index && equalIp(entry.prefix.address, address)),
  )
  const more = config.transport === 'udp' ? slack.udp : slack.multicast
  return there ? { adoptAfter: millis(config.advertisementInterval * 1.5 + more) } : {}
}
