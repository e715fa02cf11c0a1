/** Scalar combinators about networks: addresses, prefixes, endpoints, interface names. */
import {
  type Endpoint,
  equalIp,
  formatPrefix,
  type IpAddress,
  type IpPrefix,
  isLinkLocal6,
  isLoopback,
  parseEndpoint,
  parseIp,
  parsePrefix,
} from '../base/ip.js'
import { port as toPort } from '../base/units.js'
import { quote } from './printable.js'
import type { Schema } from './schema.js'
import { type PortsAddress, parsePorts, parseServerAddress } from './service-address.js'
import { integer, parsed, type Refusal, text } from './values.js'

const isRefusal = (value: object): value is Refusal => 'message' in value
const notValid = (value: string): Refusal => ({ message: `${quote(value)} is not valid` })

/** A port that something can listen on. */
export const portNumber = integer(1, 65535, toPort)

/** Linux: up to 15 bytes, no slash, no space. */
export const interfaceName: Schema<string> = text(
  'an interface name such as "eth0" (at most 15 characters)',
  /^(?!\.{1,2}$)[!-.0-~]{1,15}$/,
)

/** An address that a machine can have. */
export function ip(): Schema<IpAddress> {
  const parse = (value: string): IpAddress | Refusal => {
    const address = parseIp(value)
    if (address) return unusable(address, value) ?? address
    if (parsePrefix(value)) {
      return { ...notValid(value), suggestion: quote(value.slice(0, value.indexOf('/'))) }
    }
    const endpoint = value.includes('.') ? parseEndpoint(value) : undefined
    return endpoint
      ? { ...notValid(value), suggestion: quote(value.slice(0, value.lastIndexOf(':'))) }
      : notValid(value)
  }
  return parsed('an address such as "10.0.0.11" or "2001:db8::11"', parse, isRefusal)
}

/** A host's address with the length of its network's prefix. */
export function prefix(): Schema<IpPrefix> {
  const parse = (value: string): IpPrefix | Refusal => {
    const found = parsePrefix(value)
    if (!found) {
      const address = parseIp(value)
      if (!address) return notValid(value)
      const length = address.family === 4 ? 24 : 64
      return { message: `${quote(value)} has no prefix length`, suggestion: quote(`${value}/${length}`) }
    }
    return unusable(found.address, value) ?? notAHost(found, value) ?? found
  }
  return parsed('an address with prefix length such as "10.0.0.100/24"', parse, isRefusal)
}

/** A whole network, or one address of it. */
export const network: Schema<IpPrefix> = parsed(
  'a network such as "10.1.0.0/16", or an address',
  parseNetwork,
  isRefusal,
)

/** A destination: a network, an address, or `default`, of which only the length says anything. */
export const route: Schema<IpPrefix | 'default'> = parsed<IpPrefix | 'default'>(
  'a network such as "10.1.0.0/16", an address, or "default"',
  (value) => (value === 'default' ? value : parseNetwork(value)),
  (value): value is Refusal => typeof value === 'object' && isRefusal(value),
)

function parseNetwork(value: string): IpPrefix | Refusal {
  const address = parseIp(value)
  if (address) return { address, length: address.bytes.length * 8 }
  const found = parsePrefix(value)
  if (!found) return notValid(value)
  const first = networkOf(found)
  if (equalIp(first.address, found.address)) return found
  return {
    message: `${quote(value)} is an address in a network`,
    expected: 'the network, or the address alone',
    suggestion: quote(formatPrefix(first)),
  }
}

function networkOf({ address: { family, bytes }, length }: IpPrefix): IpPrefix {
  const kept = bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - i * 8))))
  return { address: { family, bytes: kept }, length }
}

/** One port, a range of ports, or port 0 for all. */
export const servicePorts: Schema<PortsAddress> = parsed(
  'address and port such as "10.0.0.100:80", "[2001:db8::100]:80" or "10.0.0.100:8000-8010"',
  (value: string): PortsAddress | Refusal => {
    const found = parsePorts(value)
    if (found) return unusable(found.address, value) ?? loopback(found.address, value) ?? found
    const address = parseIp(value)
    if (!address) return notValid(value)
    return {
      message: `${quote(value)} has no port`,
      suggestion: quote(address.family === 4 ? `${value}:80` : `[${value}]:80`),
    }
  },
  isRefusal,
)

/** Port 0 where it is left out. */
export const serverAddress: Schema<Endpoint> = parsed(
  'address and port such as "10.0.0.21:80" or "[2001:db8::21]:80"',
  (value: string): Endpoint | Refusal => {
    const found = parseServerAddress(value)
    if (!found) return notValid(value)
    if (found.port === 0 && value.endsWith(':0') && parseIp(value) === undefined)
      return { message: `${quote(value)} has port 0`, expected: 'a port from 1 to 65535' }
    if (isLinkLocal6(found.address)) {
      return {
        message: `${quote(value)} is a link-local address, which the kernel refuses as a destination`,
        expected: 'an address that means the same machine on every interface',
      }
    }
    return unusable(found.address, value) ?? found
  },
  isRefusal,
)

function loopback(address: IpAddress, value: string): Refusal | undefined {
  if (!isLoopback(address)) return undefined
  return {
    message: `${quote(value)} is a loopback address, which no client can reach`,
    expected: 'an address that a virtual_router holds',
  }
}

function unusable({ family, bytes }: IpAddress, value: string): Refusal | undefined {
  const first = bytes[0] ?? 0
  const multicast = family === 4 ? first >= 224 && first < 240 : first === 0xff
  const reserved = family === 4 && (first >= 240 || first === 0)
  const unspecified = bytes.every((byte) => byte === 0)
  if (multicast)
    return { message: `${quote(value)} is a multicast address`, expected: "one machine's address" }
  if (reserved || unspecified) {
    return {
      message: `${quote(value)} is not an address that a machine can have`,
      expected: "one machine's address",
    }
  }
  return undefined
}

/** The first and last address of an IPv4 network are its own name and its broadcast address. */
function notAHost({ address, length }: IpPrefix, value: string): Refusal | undefined {
  if (address.family !== 4 || length > 30) return undefined
  const number = address.bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  const size = 2 ** (32 - length)
  if (number % size === 0)
    return { message: `${quote(value)} names a network`, expected: 'the address of a host in it' }
  if (number % size === size - 1) {
    return {
      message: `${quote(value)} is its network's broadcast address`,
      expected: 'the address of a host in it',
    }
  }
  return undefined
}
