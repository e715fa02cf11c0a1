/** A tracked interface: its link, and an address on it. Pure. */
import { equalIp, formatIp } from '../../base/ip.js'
import type { InterfaceTrackConfig } from '../../config/model.js'
import type { LinkView } from '../attachment.js'
import type { Finding } from './verdict.js'

/** `view` is all that the kernel says now: after lost events it was read anew, so nothing is remembered here. */
export function judgeInterface(track: InterfaceTrackConfig, view: LinkView): Finding {
  const found = view.interfaces.find(({ name }) => name === track.interface)
  if (!found) return { state: 'down', reason: `interface ${track.interface} does not exist` }
  if (!found.up) return { state: 'down', reason: `link of ${track.interface} is down` }
  const { address } = track
  if (!address) return { state: 'up', reason: 'link is up' }
  const held = view.addresses.some(
    ({ interfaceIndex, prefix }) => interfaceIndex === found.index && equalIp(prefix.address, address),
  )
  return held
    ? { state: 'up', reason: `link is up and has ${formatIp(address)}` }
    : { state: 'down', reason: `${track.interface} does not have ${formatIp(address)}` }
}
