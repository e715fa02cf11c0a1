/**
 * Connections of the kernel's tracking over ctnetlink (linux/netfilter/nfnetlink_conntrack.h): what follows the
 * 16-byte nlmsghdr. Ports and addresses are in network order, and so are all other numbers.
 *
 *     0 u8 address family   1 u8 version (0)   2 u16 resource (0)   4 attributes (CTA)
 */
import { Reader, Writer } from '../../base/bytes.js'
import type { Translation } from '../../base/facts.js'
import { type Endpoint, type IpAddress, ipFromBytes } from '../../base/ip.js'
import { fail, ok, type Result } from '../../base/result.js'
import { port as toPort } from '../../base/units.js'
import { addressFamily, familyOf } from '../address-codec.js'
import { AttributeReader, AttributeWriter } from '../attributes.js'

const NFNL_SUBSYS_CTNETLINK = 1
const messageType = (message: number): number => (NFNL_SUBSYS_CTNETLINK << 8) | message
export const CT_NEW = messageType(0)
export const CT_GET = messageType(1)
export const CT_DELETE = messageType(2)

const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, STATUS: 3, PROTOINFO: 4, NAT_SRC: 6, TIMEOUT: 7 } as const
const CTA_TUPLE = { IP: 1, PROTO: 2 } as const
const CTA_IP = { 4: { SRC: 1, DST: 2 }, 6: { SRC: 3, DST: 4 } } as const
const CTA_PROTO = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const
const CTA_PROTOINFO_TCP = 1
const CTA_TCP = { STATE: 1, FLAGS_ORIGINAL: 4, FLAGS_REPLY: 5 } as const
const CTA_NAT = { 4: { MINIP: 1, MAXIP: 2 }, 6: { MINIP: 4, MAXIP: 5 }, PROTO: 3 } as const
const CTA_PROTONAT = { PORT_MIN: 1, PORT_MAX: 2 } as const

/** IPS_SEEN_REPLY, ASSURED and CONFIRMED (nf_conntrack_common.h): it is under way, and not the first to be dropped. */
const UNDER_WAY = 0x2 | 0x4 | 0x8
/** IP_CT_TCP_FLAG_SACK_PERM and BE_LIBERAL (nf_conntrack_tcp.h), for nobody here knows the windows. */
const TCP_FLAGS = 0x02 | 0x08

/** TCP_CONNTRACK_ (nf_conntrack_tcp.h), by the names that IPVS has for the same. */
export const tcpStates = { ESTABLISHED: 3, FIN_WAIT: 4, CLOSE_WAIT: 5, LAST_ACK: 6, TIME_WAIT: 7 } as const

/** A connection as it came in. */
export type Original = Pick<Translation, 'protocol' | 'client' | 'virtual'>

/** A tracked connection: `server` answers to `source`. */
export interface Tracked extends Original {
  readonly server: Endpoint
  readonly source: Endpoint
  /** Seconds that it has left without a packet. */
  readonly timeout: number
}

export type TrackedProblem = 'truncated' | 'family' | 'protocol'

/** All connections of a family, as a dump (CT_GET). */
export const encodeDump = (family: 4 | 6): Uint8Array => header(family).finish()

/** For CT_DELETE. */
export const encodeOriginal = (original: Original): Uint8Array => {
  const writer = header(original.client.address.family)
  tuple(new AttributeWriter(writer), CTA.TUPLE_ORIG, original.protocol, original.client, original.virtual)
  return writer.finish()
}

/** For CT_NEW on a connection that is there: its windows, which may be old, no longer count. */
export function encodeRenewal(original: Original, timeout: number, tcpState: number): Uint8Array {
  const writer = header(original.client.address.family)
  const top = new AttributeWriter(writer)
  tuple(top, CTA.TUPLE_ORIG, original.protocol, original.client, original.virtual)
  top.u32be(CTA.TIMEOUT, timeout)
  if (original.protocol === 6) tcpInfo(top, tcpState)
  return writer.finish()
}

/** For CT_NEW on one that is not. `tcpState`: one of `tcpStates`; counts with TCP only. */
export function encodeTranslation(one: Translation, timeout: number, tcpState: number): Uint8Array {
  const { protocol, client, virtual, server, sourcePort } = one
  const { family } = client.address
  const writer = header(family)
  const top = new AttributeWriter(writer)
  tuple(top, CTA.TUPLE_ORIG, protocol, client, virtual)
  // As IPVS turns it; the kernel turns the source itself, from what NAT_SRC says.
  tuple(top, CTA.TUPLE_REPLY, protocol, server, client)
  top.u32be(CTA.STATUS, UNDER_WAY).u32be(CTA.TIMEOUT, timeout)
  top.nest(CTA.NAT_SRC, (nat) => {
    nat
      .bytes(CTA_NAT[family].MINIP, virtual.address.bytes)
      .bytes(CTA_NAT[family].MAXIP, virtual.address.bytes)
    nat.nest(CTA_NAT.PROTO, (ports) => {
      ports.u16be(CTA_PROTONAT.PORT_MIN, sourcePort).u16be(CTA_PROTONAT.PORT_MAX, sourcePort)
    })
  })
  if (protocol === 6) tcpInfo(top, tcpState)
  return writer.finish()
}

/** Of a dump's message. `protocol`: neither TCP nor UDP. */
export function decodeTracked(payload: Uint8Array): Result<Tracked, TrackedProblem> {
  const reader = new Reader(payload)
  const family = familyOf(reader.u8())
  reader.skip(3)
  if (reader.failed) return fail('truncated')
  if (family === undefined) return fail('family')
  let original: Tuple | undefined
  let reply: Tuple | undefined
  let timeout = 0
  const top = new AttributeReader(reader)
  while (top.next()) {
    if (top.type === CTA.TUPLE_ORIG) original = readTuple(top.nest(), family)
    else if (top.type === CTA.TUPLE_REPLY) reply = readTuple(top.nest(), family)
    else if (top.type === CTA.TIMEOUT) timeout = top.u32be()
  }
  if (reader.failed) return fail('truncated')
  if (!original || !reply) return fail('protocol')
  return ok({
    protocol: original.protocol,
    client: original.from,
    virtual: original.to,
    server: reply.from,
    source: reply.to,
    timeout,
  })
}

function tcpInfo(top: AttributeWriter, state: number): void {
  // Each is the flags and then the mask of those that count.
  const flags = Uint8Array.of(TCP_FLAGS, TCP_FLAGS)
  top.nest(CTA.PROTOINFO, (info) =>
    info.nest(CTA_PROTOINFO_TCP, (tcp) =>
      tcp.u8(CTA_TCP.STATE, state).bytes(CTA_TCP.FLAGS_ORIGINAL, flags).bytes(CTA_TCP.FLAGS_REPLY, flags),
    ),
  )
}

interface Tuple {
  readonly protocol: number
  readonly from: Endpoint
  readonly to: Endpoint
}

const header = (family: 4 | 6): Writer => new Writer(256).u8(addressFamily(family)).u8(0).u16be(0)

function tuple(top: AttributeWriter, type: number, protocol: number, from: Endpoint, to: Endpoint): void {
  const { SRC, DST } = CTA_IP[from.address.family]
  top.nest(type, (nest) => {
    nest.nest(CTA_TUPLE.IP, (ip) => ip.bytes(SRC, from.address.bytes).bytes(DST, to.address.bytes))
    nest.nest(CTA_TUPLE.PROTO, (proto) =>
      proto
        .u8(CTA_PROTO.NUM, protocol)
        .u16be(CTA_PROTO.SRC_PORT, from.port)
        .u16be(CTA_PROTO.DST_PORT, to.port),
    )
  })
}

/** Undefined where it has no ports, or is cut short. */
function readTuple(nest: AttributeReader, family: 4 | 6): Tuple | undefined {
  const { SRC, DST } = CTA_IP[family]
  let protocol = 0
  const ips: { [type: number]: IpAddress | undefined } = {}
  const ports: { [type: number]: number } = {}
  while (nest.next()) {
    const inside = nest.nest()
    if (nest.type === CTA_TUPLE.IP) while (inside.next()) ips[inside.type] = ipFromBytes(inside.bytes())
    else if (nest.type === CTA_TUPLE.PROTO)
      while (inside.next()) {
        if (inside.type === CTA_PROTO.NUM) protocol = inside.u8()
        else if (inside.type === CTA_PROTO.SRC_PORT || inside.type === CTA_PROTO.DST_PORT)
          ports[inside.type] = inside.u16be()
      }
  }
  const from = ips[SRC]
  const to = ips[DST]
  const fromPort = toPort(ports[CTA_PROTO.SRC_PORT] ?? -1)
  const toPortOf = toPort(ports[CTA_PROTO.DST_PORT] ?? -1)
  if (!from || !to || fromPort === undefined || toPortOf === undefined) return undefined
  if (protocol !== 6 && protocol !== 17) return undefined
  return { protocol, from: { address: from, port: fromPort }, to: { address: to, port: toPortOf } }
}
