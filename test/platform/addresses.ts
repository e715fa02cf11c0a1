import { type IpAddress, type IpPrefix, parseIp, parsePrefix } from '../../src/base/ip.js'

/** An address that is known to be valid. */
export function ip(text: string): IpAddress {
  const address = parseIp(text)
  if (!address) throw new Error(`not an address: ${text}`)
  return address
}

export function prefix(text: string): IpPrefix {
  const parsed = parsePrefix(text)
  if (!parsed) throw new Error(`not a prefix: ${text}`)
  return parsed
}
