/** Where a check goes. */
import { type Endpoint, formatEndpoint, formatIp, type IpAddress } from '../base/ip.js'
import type { Port } from '../base/units.js'
import type { HostName } from '../config/host-name.js'

/** A machine by its name, which DNS turns into an address each time anew. */
export interface NamedTarget extends HostName {
  readonly port: Port
  /** Whose addresses are taken; `only`: no others where there are none. */
  readonly family: IpAddress['family']
  readonly only: boolean
}

export type CheckTarget = Endpoint | NamedTarget

/** Without a port where it has none. */
export function formatTarget(target: CheckTarget): string {
  if ('name' in target) return target.port === 0 ? target.name : `${target.name}:${target.port}`
  return target.port === 0 ? formatIp(target.address) : formatEndpoint(target)
}
