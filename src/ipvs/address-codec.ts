/** Addresses in IPVS attributes: `union nf_inet_addr`, always 16 bytes, an IPv4 address in the first four. */
import type { IpAddress } from '../base/ip.js'
import { ipFromBytes } from '../base/ip.js'
import { AF } from './constants.js'

const ADDRESS_LENGTH = 16

export const addressFamily = (family: 4 | 6): number => (family === 4 ? AF.INET : AF.INET6)

export function familyOf(af: number | undefined): 4 | 6 | undefined {
  if (af === AF.INET) return 4
  return af === AF.INET6 ? 6 : undefined
}

export function encodeAddress(address: IpAddress): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_LENGTH)
  bytes.set(address.bytes)
  return bytes
}

/** Undefined when there are fewer bytes than the family needs. */
export const decodeAddress = (family: 4 | 6, bytes: Uint8Array): IpAddress | undefined =>
  ipFromBytes(bytes.slice(0, family === 4 ? 4 : 16))
