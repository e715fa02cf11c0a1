/** Where a tracked gateway is, and how one round of asking it is judged. Pure. */
import { equalIp, formatIp, type IpAddress, isInNetwork } from '../../base/ip.js'
import type { InterfaceState } from '../../base/ports.js'
import { fail, ok, type Result } from '../../base/result.js'
import type { GatewayTrackConfig } from '../../config/model.js'
import type { LinkView } from '../attachment.js'
import type { Outcome } from './rise-fall.js'

export interface GatewayPath {
  readonly interface: InterfaceState
  /** Our own address to ask from; undefined where the interface has none (IPv4 only). */
  readonly source: IpAddress | undefined
}

const macLength = 6

/** `virtual`: addresses that may be the peer's tomorrow; asking from one would say it is ours. */
export function findGateway(
  track: Pick<GatewayTrackConfig, 'address' | 'interface'>,
  view: LinkView,
  virtual: readonly IpAddress[],
): Result<GatewayPath, string> {
  const { address: target } = track
  const own = view.addresses.filter(
    ({ prefix: { address } }) =>
      address.family === target.family && !virtual.some((other) => equalIp(other, address)),
  )
  const near = own.find(
    ({ interfaceIndex, prefix }) =>
      isInNetwork(prefix, target) &&
      (track.interface === undefined || nameOf(view, interfaceIndex) === track.interface),
  )
  const found = view.interfaces.find(({ name, index }) =>
    track.interface === undefined ? index === near?.interfaceIndex : name === track.interface,
  )
  if (!found) {
    return fail(
      track.interface === undefined
        ? `no interface is in the network of ${formatIp(target)}`
        : `interface ${track.interface} does not exist`,
    )
  }
  if (!found.up) return fail(`link of ${found.name} is down`)
  if (found.mac.length !== macLength) return fail(`${found.name} is no Ethernet`)
  const source =
    near?.prefix.address ?? own.find((each) => each.interfaceIndex === found.index)?.prefix.address
  if (!source && target.family === 6) return fail(`${found.name} has no IPv6 address to ask from`)
  return ok({ interface: found, source })
}

const nameOf = (view: LinkView, index: number): string | undefined =>
  view.interfaces.find((each) => each.index === index)?.name

/** `answered`: since the last question; `failure`: why it could not even be asked. */
export function judgeGateway(
  { address }: Pick<GatewayTrackConfig, 'address'>,
  answered: boolean,
  failure: string | undefined,
): Outcome {
  const how = address.family === 4 ? 'ARP' : 'neighbour discovery'
  if (failure !== undefined) return { good: false, reason: failure }
  return answered
    ? { good: true, reason: `answers ${how}` }
    : { good: false, reason: `does not answer ${how}` }
}
