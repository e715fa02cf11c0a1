/** Routes as rtnetlink messages (include/uapi/linux/rtnetlink.h), only as much of them as a virtual router has. */
import { AttrStream, putU32 } from 'netlink/dist/structs.js'
import { Reader, Writer } from '../base/bytes.js'
import { type IpAddress, type IpPrefix, ipFromBytes } from '../base/ip.js'
import type { NetlinkRequest, RouteSpec } from '../base/ports.js'
import { AF } from './linux.js'
import { NLM_F } from './netlink-message.js'
import { attributesOf, RT_SCOPE, scopeOf } from './rtnetlink.js'

/**
 * rtm_protocol of our routes and FRA_PROTOCOL of our rules, "who installed it": assigned to nobody in
 * iproute2's rt_protos. What does not bear it is never removed.
 */
export const RTPROT_VIPAIR = 118

const RTM = { NEWROUTE: 24, DELROUTE: 25, GETROUTE: 26 } as const
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, PREFSRC: 7, TABLE: 15, EXPIRES: 23 } as const
const RTN_UNICAST = 1
const RTNH_F_ONLINK = 0x4
/** A table whose number does not fit the header's byte. */
const RT_TABLE_COMPAT = 252
/** IP6_RT_PRIO_USER (include/uapi/linux/ipv6_route.h): the metric of an IPv6 route that has none. */
const defaultMetric6 = 1024
const headerLength = 12

/**
 * Without NLM_F_EXCL and NLM_F_REPLACE: of IPv4, ours goes before another one of the same destination and
 * metric, which is there again when ours goes (net/ipv4/fib_trie.c, fib_table_insert). `seconds`: IPv6 only.
 */
export const newRoute = (route: RouteSpec, seconds: number | undefined): NetlinkRequest => ({
  type: RTM.NEWROUTE,
  flags: NLM_F.CREATE,
  payload: encode(route, route.to.address.family === 6 ? seconds : undefined),
})

/** The kernel compares everything that is said, the protocol too. */
export const deleteRoute = (route: RouteSpec): NetlinkRequest => ({
  type: RTM.DELROUTE,
  flags: 0,
  payload: encode(route, undefined),
})

/** Of one family, of every table; with strict checking the kernel itself leaves out what is not ours. */
export const ownRouteDump = (family: IpAddress['family']): NetlinkRequest => ({
  type: RTM.GETROUTE,
  flags: NLM_F.DUMP,
  payload: new Writer(headerLength).u8(afOf(family)).zeros(4).u8(RTPROT_VIPAIR).zeros(6).finish(),
})

function encode(route: RouteSpec, seconds: number | undefined): Uint8Array {
  const { to, via, interfaceIndex, source, metric, table, scope, onlink } = route
  const { family } = to.address
  const attributes = new AttrStream()
  if (to.length > 0) attributes.push(RTA.DST, to.address.bytes)
  if (via) attributes.push(RTA.GATEWAY, via.bytes)
  if (interfaceIndex !== undefined) attributes.push(RTA.OIF, putU32(interfaceIndex))
  if (source) attributes.push(RTA.PREFSRC, source.bytes)
  const priority = metric ?? (family === 6 ? defaultMetric6 : undefined)
  if (priority !== undefined) attributes.push(RTA.PRIORITY, putU32(priority))
  attributes.push(RTA.TABLE, putU32(table))
  if (seconds !== undefined) attributes.push(RTA.EXPIRES, putU32(seconds))
  // struct rtmsg: family, destination and source length, TOS, table, protocol, scope, type, flags.
  const header = new Writer(headerLength)
    .u8(afOf(family))
    .u8(to.length)
    .zeros(2)
    .u8(table < 256 ? table : RT_TABLE_COMPAT)
    .u8(RTPROT_VIPAIR)
    .u8(family === 4 ? RT_SCOPE[scope] : 0)
    .u8(RTN_UNICAST)
    .u32host(onlink ? RTNH_F_ONLINK : 0)
    .finish()
  return Buffer.concat([header, ...attributes.bufs])
}

/** Undefined: too short, or not ours. */
export function decodeOwnRoute(payload: Uint8Array): RouteSpec | undefined {
  const reader = new Reader(payload)
  const family = reader.u8() === AF.INET ? 4 : 6
  const length = reader.u8()
  reader.skip(2)
  const shortTable = reader.u8()
  const protocol = reader.u8()
  const scope = scopeOf(reader.u8())
  reader.skip(1)
  const flags = reader.u32host()
  if (reader.failed || protocol !== RTPROT_VIPAIR || scope === undefined) return undefined
  const attributes = attributesOf(payload, headerLength)
  const number = (type: number): number | undefined => numberOf(attributes.get(type))
  const metric = number(RTA.PRIORITY)
  return {
    to: prefixOf(family, attributes.get(RTA.DST), length),
    via: ipOf(attributes.get(RTA.GATEWAY)),
    interfaceIndex: number(RTA.OIF),
    source: ipOf(attributes.get(RTA.PREFSRC)),
    metric: family === 6 && metric === defaultMetric6 ? undefined : metric,
    table: number(RTA.TABLE) ?? shortTable,
    scope,
    onlink: (flags & RTNH_F_ONLINK) !== 0,
  }
}

export const afOf = (family: IpAddress['family']): number => (family === 4 ? AF.INET : AF.INET6)

/** Absent: everything. */
export const prefixOf = (
  family: IpAddress['family'],
  bytes: Uint8Array | undefined,
  length: number,
): IpPrefix => ({ address: { family, bytes: bytes ?? new Uint8Array(family === 4 ? 4 : 16) }, length })

export function numberOf(bytes: Uint8Array | undefined): number | undefined {
  const reader = new Reader(bytes ?? new Uint8Array(0))
  const number = reader.u32host()
  return reader.failed ? undefined : number
}

const ipOf = (bytes: Uint8Array | undefined): IpAddress | undefined => bytes && ipFromBytes(bytes)
