/** The key `persistence_netmask`: a prefix length, or an IPv4 netmask in dots. */
import { parseIp } from '../base/ip.js'
import { describe } from './node.js'
import { quote } from './printable.js'
import type { Schema } from './schema.js'

export interface Netmask {
  /** 1 to 128. */
  readonly length: number
  /** Written in dots: IPv4 only. */
  readonly dotted: boolean
}

const expected = 'a prefix length such as 24, or a netmask such as "255.255.255.0"'

export const netmask: Schema<Netmask> = {
  expected,
  json: { anyOf: [{ type: 'integer', minimum: 1, maximum: 128 }, { type: 'string' }] },
  read(node, path, report) {
    if (node.kind === 'integer') {
      if (node.value >= 1 && node.value <= 128) return { length: Number(node.value), dotted: false }
      report.error(path, `${node.value} is out of range`, { expected: 'a prefix length from 1 to 128' })
    } else if (node.kind === 'string') {
      const length = prefixLength(node.value)
      if (length !== undefined) return { length, dotted: true }
      const digits = /^\/?(\d{1,3})$/.exec(node.value)?.[1]
      report.error(path, `${quote(node.value)} is not a netmask`, { expected, suggestion: digits })
    } else report.error(path, describe(node), { expected })
    return undefined
  },
}

/** Undefined unless it is ones and then zeros, with at least one of the former. */
function prefixLength(text: string): number | undefined {
  const mask = parseIp(text)
  if (mask?.family !== 4) return undefined
  const bits = [...mask.bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return /^1+0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined
}
