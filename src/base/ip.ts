/** IP addresses as bytes in network order: parse, format, compare. */
import type { Port } from './units.js'
import { port as toPort } from './units.js'

/** 4 or 16 bytes, network order. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly bytes: Uint8Array
}

/** An address on a link with its prefix length: 0 to 32, or 0 to 128. */
export interface IpPrefix {
  readonly address: IpAddress
  readonly length: number
}

export interface Endpoint {
  readonly address: IpAddress
  readonly port: Port
}

export function ipFromBytes(bytes: Uint8Array): IpAddress | undefined {
  if (bytes.length === 4) return { family: 4, bytes }
  if (bytes.length === 16) return { family: 6, bytes }
  return undefined
}

/** Strict: no leading zeros in IPv4 octets, no zone in IPv6; undefined when it is no address. */
export function parseIp(text: string): IpAddress | undefined {
  const bytes = text.includes(':') ? parse6(text) : parse4(text)
  return bytes && ipFromBytes(bytes)
}

/** Dotted quad, or the canonical form of RFC 5952. */
export function formatIp({ family, bytes }: IpAddress): string {
  // Names of servers are made of it, by the ten thousand: `join` takes three times as long.
  return family === 4 ? `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` : format6(bytes)
}

/**
 * Orders addresses as unsigned integers in network order: the tie-break of RFC 9568 section 6.4.3 among
 * equal priorities. IPv4 sorts before IPv6.
 */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (a.family !== b.family) return a.family - b.family
  for (let i = 0; i < a.bytes.length; i++) {
    const difference = (a.bytes[i] ?? 0) - (b.bytes[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export const equalIp = (a: IpAddress, b: IpAddress): boolean => compareIp(a, b) === 0

/** fe80::/10 (RFC 4291 section 2.5.6). */
export const isLinkLocal6 = ({ family, bytes }: IpAddress): boolean =>
  family === 6 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80

/** 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1 (RFC 4291 section 2.5.3). */
export const isLoopback = ({ family, bytes }: IpAddress): boolean =>
  family === 4 ? bytes[0] === 127 : bytes.every((byte, i) => byte === (i === 15 ? 1 : 0))

/** Whether the lists hold the same addresses, in any order; `some` has none twice. */
export function sameAddresses(some: readonly IpAddress[], others: readonly IpAddress[]): boolean {
  if (some.length !== others.length) return false
  const inOrder = some.every((address, at) => {
    const other = others[at]
    return other !== undefined && equalIp(address, other)
  })
  if (inOrder) return true
  const keys = new Set(others.map(({ bytes }) => bytes.join('.')))
  return some.every(({ bytes }) => keys.has(bytes.join('.')))
}

/** `10.0.0.100/24`; undefined when the address or the length is not valid. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const address = parseIp(text.slice(0, slash))
  const digits = text.slice(slash + 1)
  if (!address || !/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined
  const length = Number(digits)
  return length <= address.bytes.length * 8 ? { address, length } : undefined
}

export const formatPrefix = (prefix: IpPrefix): string => `${formatIp(prefix.address)}/${prefix.length}`

/** Whether the address is on the network of the prefix. */
export function isInNetwork({ address, length }: IpPrefix, other: IpAddress): boolean {
  if (address.family !== other.family) return false
  for (let bit = 0; bit < length; bit += 8) {
    const mask = length - bit >= 8 ? 0xff : (0xff << (8 - (length - bit))) & 0xff
    const byte = bit / 8
    if (((address.bytes[byte] ?? 0) & mask) !== ((other.bytes[byte] ?? 0) & mask)) return false
  }
  return true
}

/** `10.0.0.100:80` or `[2001:db8::1]:80`; undefined when it is neither. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(0|[1-9]\d{0,4})$/.exec(text)
  if (!match) return undefined
  const address = parseIp(match[1] ?? match[2] ?? '')
  const port = toPort(Number(match[3]))
  if (!address || port === undefined) return undefined
  return (match[1] === undefined) === (address.family === 4) ? { address, port } : undefined
}

export function formatEndpoint(endpoint: Endpoint): string {
  const address = formatIp(endpoint.address)
  return endpoint.address.family === 4 ? `${address}:${endpoint.port}` : `[${address}]:${endpoint.port}`
}

const quad = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

function parse4(text: string): Uint8Array | undefined {
  const parts = quad.exec(text)
  if (!parts) return undefined
  const bytes = new Uint8Array(4)
  for (let i = 0; i < 4; i++) {
    const value = Number(parts[i + 1])
    if (value > 255) return undefined
    bytes[i] = value
  }
  return bytes
}

function parse6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] ?? '', halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : []
  if (!head || !tail) return undefined
  const missing = 16 - head.length - tail.length
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail])
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [i, group] of groups.entries()) {
    if (mayEndInIpv4 && i === groups.length - 1 && group.includes('.')) {
      const last = parse4(group)
      if (!last) return undefined
      bytes.push(...last)
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    }
  }
  return bytes
}

function format6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0))
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const hex = groups.map((group) => group.toString(16))
  if (best.start < 0) return hex.join(':')
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`
}
