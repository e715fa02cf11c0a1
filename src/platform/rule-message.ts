/** Policy rules as rtnetlink messages (include/uapi/linux/fib_rules.h). */
import { AttrStream, putU32 } from 'netlink/dist/structs.js'
import { Reader, Writer } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'
import type { NetlinkRequest, RuleSpec } from '../base/ports.js'
import { AF } from './linux.js'
import { NLM_F } from './netlink-message.js'
import { afOf, numberOf, prefixOf, RTPROT_VIPAIR } from './route-message.js'
import { attributesOf, textOf } from './rtnetlink.js'

const RTM = { NEWRULE: 32, DELRULE: 33, GETRULE: 34 } as const
const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  PRIORITY: 6,
  FWMARK: 10,
  TABLE: 15,
  FWMASK: 16,
  PROTOCOL: 21,
} as const
const FR_ACT_TO_TBL = 1
const RT_TABLE_UNSPEC = 0
const headerLength = 12

/** With NLM_F_EXCL, for the kernel takes the same rule twice otherwise. */
export const newRule = (rule: RuleSpec): NetlinkRequest => ({
  type: RTM.NEWRULE,
  flags: NLM_F.CREATE | NLM_F.EXCL,
  payload: encode(rule),
})

/** The kernel compares everything that is said, the protocol too. */
export const deleteRule = (rule: RuleSpec): NetlinkRequest => ({
  type: RTM.DELRULE,
  flags: 0,
  payload: encode(rule),
})

export const ruleDump = (family: IpAddress['family']): NetlinkRequest => ({
  type: RTM.GETRULE,
  flags: NLM_F.DUMP,
  payload: new Writer(headerLength).u8(afOf(family)).zeros(11).finish(),
})

function encode({ family, from, to, fwmark, interface: name, table, priority }: RuleSpec): Uint8Array {
  const attributes = new AttrStream()
  if (to && to.length > 0) attributes.push(FRA.DST, to.address.bytes)
  if (from && from.length > 0) attributes.push(FRA.SRC, from.address.bytes)
  if (name !== undefined) attributes.push(FRA.IIFNAME, Buffer.from(`${name}\0`))
  attributes.push(FRA.PRIORITY, putU32(priority))
  if (fwmark) {
    attributes.push(FRA.FWMARK, putU32(fwmark.value))
    attributes.push(FRA.FWMASK, putU32(fwmark.mask))
  }
  attributes.push(FRA.TABLE, putU32(table))
  attributes.push(FRA.PROTOCOL, Buffer.of(RTPROT_VIPAIR))
  // struct fib_rule_hdr: family, destination and source length, TOS, table, two reserved, action, flags.
  const header = new Writer(headerLength)
    .u8(afOf(family))
    .u8(to?.length ?? 0)
    .u8(from?.length ?? 0)
    .u8(0)
    .u8(table < 256 ? table : RT_TABLE_UNSPEC)
    .zeros(2)
    .u8(FR_ACT_TO_TBL)
    .zeros(4)
    .finish()
  return Buffer.concat([header, ...attributes.bufs])
}

/** Undefined: too short, or not ours. */
export function decodeOwnRule(payload: Uint8Array): RuleSpec | undefined {
  const reader = new Reader(payload)
  const family = reader.u8() === AF.INET ? 4 : 6
  const toLength = reader.u8()
  const fromLength = reader.u8()
  reader.skip(1)
  const shortTable = reader.u8()
  reader.skip(7)
  if (reader.failed) return undefined
  const attributes = attributesOf(payload, headerLength)
  if (attributes.get(FRA.PROTOCOL)?.[0] !== RTPROT_VIPAIR) return undefined
  const [to, from] = [attributes.get(FRA.DST), attributes.get(FRA.SRC)]
  const name = attributes.get(FRA.IIFNAME)
  const value = numberOf(attributes.get(FRA.FWMARK))
  const mask = numberOf(attributes.get(FRA.FWMASK))
  return {
    family,
    from: from && prefixOf(family, from, fromLength),
    to: to && prefixOf(family, to, toLength),
    fwmark: value === undefined || mask === undefined || mask === 0 ? undefined : { value, mask },
    interface: name && textOf(name),
    table: numberOf(attributes.get(FRA.TABLE)) ?? shortTable,
    priority: numberOf(attributes.get(FRA.PRIORITY)) ?? 0,
  }
}
