/** A machine by its address or by its DNS name. */
import { formatIp, type IpAddress, parseIp } from '../base/ip.js'
import { ip } from './network.js'
import { quote } from './printable.js'
import type { Schema } from './schema.js'
import { parsed, type Refusal } from './values.js'

/** In small letters, without a dot at its end. */
export interface HostName {
  readonly name: string
}

export type CheckAddress = IpAddress | HostName

export const formatCheckAddress = (address: CheckAddress): string =>
  'name' in address ? address.name : formatIp(address)

/** Undefined for what is no name. */
export const nameIn = (address: CheckAddress | undefined): string | undefined =>
  address && 'name' in address ? address.name : undefined

/** RFC 1123 section 2.1, and the underscore that many names have. */
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

const address = ip()

const hostName = parsed<HostName>(
  'an address, or a DNS name such as "db.example.net"',
  (value) => {
    const name = value.toLowerCase().replace(/\.$/, '')
    const labels = name.split('.')
    // A last label of digits is a mistyped address (RFC 3696 section 2).
    const valid =
      name.length <= 253 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '')
    return valid ? { name } : { message: `${quote(value)} is not valid` }
  },
  (value): value is Refusal => 'message' in value,
)

/** What is an address, or nearly one, is read as an address. */
export const hostOrIp: Schema<CheckAddress> = {
  ...hostName,
  read: (node, path, report) =>
    node.kind === 'string' && (parseIp(node.value) || /[:/]/.test(node.value))
      ? address.read(node, path, report)
      : hostName.read(node, path, report),
}
