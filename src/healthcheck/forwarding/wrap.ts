/** A packet wrapped as IPVS wraps it for a server behind a tunnel (net/netfilter/ipvs/ip_vs_xmit.c). */
import { Writer } from '../../base/bytes.js'
import { internetChecksum, type PseudoHeader } from '../../base/checksum.js'
import type { IpAddress } from '../../base/ip.js'
import type { Port } from '../../base/units.js'
import type { TunnelConfig } from '../../config/model.js'
import { encodeIp, protocols } from './ip-packet.js'

export interface Outer extends PseudoHeader {
  /** Of the UDP header. */
  readonly sourcePort: Port
}

const hopLimit = 64
/** RFC 2784 section 2.1: protocol types are EtherTypes. */
const etherTypes = { 4: 0x0800, 6: 0x86dd } as const
const greChecksumPresent = 0x8000

/** `family`: the packet's. */
export function wrap(
  packet: Uint8Array,
  family: IpAddress['family'],
  tunnel: TunnelConfig,
  { source, destination, sourcePort }: Outer,
): Uint8Array {
  const inner = family === 4 ? protocols.ip4 : protocols.ip6
  const outer = (protocol: number, payload: Uint8Array) =>
    encodeIp({ source, destination, protocol, hopLimit, payload })
  switch (tunnel.type) {
    case 'ipip':
      return outer(inner, packet)
    case 'gre':
      return outer(protocols.gre, gre(packet, etherTypes[family], tunnel.checksum === true))
    case 'gue': {
      const datagram = gue(packet, inner, sourcePort, tunnel.port ?? 0)
      if (tunnel.checksum !== false) {
        // Zero would mean that there is none (RFC 768).
        const sum = internetChecksum(datagram, { source, destination }, protocols.udp) || 0xffff
        datagram.set([sum >> 8, sum & 0xff], 6)
      }
      return outer(protocols.udp, datagram)
    }
  }
}

/** RFC 2784 section 2: flags, protocol type and, where there is one, a checksum over all of it. */
function gre(packet: Uint8Array, etherType: number, checksum: boolean): Uint8Array {
  const writer = new Writer(8 + packet.length).u16be(checksum ? greChecksumPresent : 0).u16be(etherType)
  if (!checksum) return writer.bytes(packet).finish()
  const bytes = writer.u32be(0).bytes(packet).finish()
  const sum = internetChecksum(bytes)
  bytes.set([sum >> 8, sum & 0xff], 4)
  return bytes
}

/** UDP (RFC 768), then draft-ietf-intarea-gue section 3.1: version 0, data, no optional fields; the protocol; no flags. */
function gue(packet: Uint8Array, protocol: number, sourcePort: number, port: number): Uint8Array {
  const length = 8 + 4 + packet.length
  const writer = new Writer(length).u16be(sourcePort).u16be(port).u16be(length).u16be(0)
  return writer.u8(0).u8(protocol).u16be(0).bytes(packet).finish()
}
