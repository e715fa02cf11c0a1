/**
 * The few rtnetlink messages that links and addresses need (include/uapi/linux/rtnetlink.h, if_link.h,
 * if_addr.h). Framing and attributes are the `netlink` package's; of the many attributes only ours are
 * read, so that a newer kernel's longer ones cannot fail to parse.
 */
import { AttrStream, parseAttributes, putU32 } from 'netlink/dist/structs.js'
import { Reader, Writer } from '../base/bytes.js'
import { type IpPrefix, ipFromBytes } from '../base/ip.js'
import type {
  AddressSpec,
  AddressState,
  InterfaceState,
  MacvlanSpec,
  NetlinkRequest,
  Scope,
} from '../base/ports.js'
import { AF } from './linux.js'
import { NLM_F } from './netlink-message.js'

export const NETLINK_ROUTE = 0
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  SETLINK: 19,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
} as const
/** Multicast groups for changes of links and of addresses. */
export const RTNLGRP = { LINK: 1, IPV4_IFADDR: 5, IPV6_IFADDR: 9 } as const

const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, LINK: 5, LINKINFO: 18, IFALIAS: 20, EXT_MASK: 29 } as const
const IFLA_INFO = { KIND: 1, DATA: 2 } as const
const IFLA_MACVLAN = { MODE: 1 } as const
const MACVLAN_MODE_BRIDGE = 4
const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, CACHEINFO: 6, FLAGS: 8, RT_PRIORITY: 9 } as const
/** rt_scope_t (include/uapi/linux/rtnetlink.h). */
export const RT_SCOPE = { global: 0, site: 200, link: 253, host: 254 } as const satisfies Record<
  Scope,
  number
>
const IFF_UP = 0x1
const IFF_RUNNING = 0x40
const ARPHRD_ETHER = 1
const RTEXT_FILTER_SKIP_STATS = 8
/** Usable at once: VRRP itself makes sure that nobody else has it (RFC 9568 section 8.2.2). */
const IFA_F_NODAD = 0x2
const IFA_F_TENTATIVE = 0x40
const forever = 0xffffffff

/** All interfaces, without their statistics. */
export function linkDump(): NetlinkRequest {
  const stream = new AttrStream()
  stream.emit(new Uint8Array(16)) // struct ifinfomsg
  stream.push(IFLA.EXT_MASK, putU32(RTEXT_FILTER_SKIP_STATS))
  return { type: RTM.GETLINK, flags: NLM_F.DUMP, payload: Buffer.concat(stream.bufs) }
}

/** All addresses of both families. */
export function addressDump(): NetlinkRequest {
  return { type: RTM.GETADDR, flags: NLM_F.DUMP, payload: new Uint8Array(8) }
}

/** Adds or refreshes an address; label and scope of one that is there stay. `seconds` undefined: for ever. */
export function newAddress(index: number, address: AddressSpec, seconds: number | undefined): NetlinkRequest {
  const { label, metric, scope = 'global', ...prefix } = address
  const lifetime = seconds ?? forever
  const attributes = addressAttributes(prefix)
  if (label !== undefined) attributes.push(IFA.LABEL, Buffer.from(`${label}\0`))
  // Deprecated from the start, so that the machine's own connections do not come from an address that moves
  // (RFC 6724 section 5, rule 3). Of IPv4 the kernel never prefers a secondary address.
  const preferred = prefix.address.family === 6 ? 0 : lifetime
  // struct ifa_cacheinfo: preferred, valid, created, updated; the last two are the kernel's.
  attributes.push(IFA.CACHEINFO, new Writer(16).u32host(preferred).u32host(lifetime).zeros(8).finish())
  if (prefix.address.family === 6) attributes.push(IFA.FLAGS, putU32(IFA_F_NODAD))
  if (metric !== undefined) attributes.push(IFA.RT_PRIORITY, putU32(metric))
  return {
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    payload: Buffer.concat([addressHeader(index, prefix, RT_SCOPE[scope]), ...attributes.bufs]),
  }
}

export function deleteAddress(index: number, prefix: IpPrefix): NetlinkRequest {
  const payload = Buffer.concat([addressHeader(index, prefix), ...addressAttributes(prefix).bufs])
  return { type: RTM.DELADDR, flags: 0, payload }
}

/** struct ifaddrmsg: family, prefix length, flags, scope, interface index. */
function addressHeader(index: number, { address, length }: IpPrefix, scope = 0): Uint8Array {
  const family = address.family === 4 ? AF.INET : AF.INET6
  return new Writer(8).u8(family).u8(length).u8(0).u8(scope).u32host(index).finish()
}

function addressAttributes({ address }: IpPrefix): AttrStream {
  const attributes = new AttrStream()
  attributes.push(IFA.LOCAL, address.bytes)
  attributes.push(IFA.ADDRESS, address.bytes)
  return attributes
}

/** Adds a macvlan that is down. */
export function newMacvlan({ name, parentIndex, mac }: MacvlanSpec): NetlinkRequest {
  const mode = new AttrStream()
  mode.push(IFLA_MACVLAN.MODE, putU32(MACVLAN_MODE_BRIDGE))
  const info = new AttrStream()
  info.push(IFLA_INFO.KIND, zeroEnded('macvlan'))
  info.push(IFLA_INFO.DATA, Buffer.concat(mode.bufs))
  const attributes = new AttrStream()
  attributes.push(IFLA.IFNAME, zeroEnded(name))
  attributes.push(IFLA.LINK, putU32(parentIndex))
  attributes.push(IFLA.ADDRESS, mac)
  attributes.push(IFLA.LINKINFO, Buffer.concat(info.bufs))
  return {
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    payload: Buffer.concat([linkHeader(0, 0, 0), ...attributes.bufs]),
  }
}

export function setLinkAlias(name: string, alias: string): NetlinkRequest {
  const attributes = new AttrStream()
  attributes.push(IFLA.IFNAME, zeroEnded(name))
  attributes.push(IFLA.IFALIAS, Buffer.from(alias))
  const payload = Buffer.concat([linkHeader(0, 0, 0), ...attributes.bufs])
  return { type: RTM.SETLINK, flags: 0, payload }
}

export const setLinkUp = (index: number, up: boolean): NetlinkRequest => ({
  type: RTM.SETLINK,
  flags: 0,
  payload: linkHeader(index, up ? IFF_UP : 0, IFF_UP),
})

export const deleteLink = (index: number): NetlinkRequest => ({
  type: RTM.DELLINK,
  flags: 0,
  payload: linkHeader(index, 0, 0),
})

/** struct ifinfomsg: family, type, index, flags, and which of the flags are meant. */
const linkHeader = (index: number, flags: number, change: number): Uint8Array =>
  new Writer(16).u16host(0).u16host(0).u32host(index).u32host(flags).u32host(change).finish()

const zeroEnded = (text: string): Buffer => Buffer.from(`${text}\0`)

/** Undefined when the message is too short or has no name. */
export function decodeLink(payload: Uint8Array): InterfaceState | undefined {
  const reader = new Reader(payload)
  reader.skip(2)
  const type = reader.u16host()
  const index = reader.u32host()
  const flags = reader.u32host()
  reader.skip(4)
  if (reader.failed) return undefined
  const attributes = attributesOf(payload, 16)
  const name = attributes.get(IFLA.IFNAME)
  const mtu = new Reader(attributes.get(IFLA.MTU) ?? new Uint8Array(4)).u32host()
  const mac = attributes.get(IFLA.ADDRESS)
  if (!name) return undefined
  const parentIndex = isMacvlan(attributes.get(IFLA.LINKINFO)) ? attributes.get(IFLA.LINK) : undefined
  const alias = attributes.get(IFLA.IFALIAS)
  return {
    name: textOf(name),
    index,
    up: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    mac: type === ARPHRD_ETHER && mac?.length === 6 ? mac : new Uint8Array(0),
    mtu,
    ...(parentIndex && {
      macvlan: { parentIndex: new Reader(parentIndex).u32host(), adminUp: (flags & IFF_UP) !== 0 },
    }),
    ...(alias && { alias: textOf(alias) }),
  }
}

function isMacvlan(info: Uint8Array | undefined): boolean {
  const kind = info && attributesOf(info, 0).get(IFLA_INFO.KIND)
  return kind !== undefined && textOf(kind) === 'macvlan'
}

/** Undefined when the message is too short or its address is of neither family. */
export function decodeAddress(payload: Uint8Array): AddressState | undefined {
  const reader = new Reader(payload)
  reader.skip(1)
  const length = reader.u8()
  const flags = reader.u8()
  const scope = scopeOf(reader.u8())
  const interfaceIndex = reader.u32host()
  if (reader.failed) return undefined
  const attributes = attributesOf(payload, 8)
  // On a point-to-point link IFA_ADDRESS is the other end.
  const bytes = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS)
  const address = bytes && ipFromBytes(bytes)
  if (!address) return undefined
  const cacheInfo = new Reader(attributes.get(IFA.CACHEINFO) ?? new Uint8Array(0))
  cacheInfo.skip(4)
  const valid = cacheInfo.u32host()
  const tentative = (flags & IFA_F_TENTATIVE) !== 0
  const label = attributes.get(IFA.LABEL)
  const state = {
    interfaceIndex,
    prefix: { address, length },
    ...(tentative ? { tentative } : {}),
    ...(label ? { label: textOf(label) } : {}),
    ...(address.family === 6 || scope === undefined || scope === 'global' ? {} : { scope }),
  }
  return cacheInfo.failed || valid === forever ? state : { ...state, validSeconds: valid }
}

/** Of RT_SCOPE; undefined: one that has no name here. */
export function scopeOf(number: number): Scope | undefined {
  for (const scope of ['global', 'site', 'link', 'host'] as const)
    if (RT_SCOPE[scope] === number) return scope
  return undefined
}

/** Up to its NUL. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8').replace(/\0.*$/s, '')

export function attributesOf(payload: Uint8Array, headerLength: number): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>()
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).subarray(headerLength)
  parseAttributes(bytes, ({ type, data }) => attributes.set(type, Uint8Array.from(data)))
  return attributes
}
