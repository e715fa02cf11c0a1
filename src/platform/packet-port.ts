/** TCP packets made by hand, and the answers to them, whichever of our addresses they are about. */
import { Writer } from '../base/bytes.js'
import { type IpAddress, ipFromBytes } from '../base/ip.js'
import type { Neighbour, PacketPort } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { type Port, port as toPort } from '../base/units.js'
import { check, lastErrno, libc, openSocket, setOption, socketAddress } from './libc.js'
import { AF, EPOLLIN, IPPROTO, MSG, optionOf, SOCK } from './linux.js'
import { attachFilter, BPF, type Instruction } from './packet-filter.js'
import { type Reactor, readsPerWakeUp, type Watch } from './reactor.js'

type Family = IpAddress['family']

interface Sockets {
  /** IPPROTO_RAW: what is written has its IP header. */
  readonly raw: number
  /** AF_PACKET: sees what arrives before the kernel refuses it for coming from its own address. */
  readonly tap: number
}

/** include/uapi/linux/if_ether.h */
const etherTypes = { 4: 0x0800, 6: 0x86dd } as const
/** Of a packet: the longest headers of IPv4 and TCP together have 120 bytes. */
const kept = 256
/** One server sees the same two ends again only after this many checks. */
const localPorts = 8
/** RFC 863: nothing is sent. */
const discardPort = 9
/** struct sockaddr_ll (include/uapi/linux/if_packet.h). */
const linkAddressLength = 20

/**
 * Opens what needs CAP_NET_RAW; it wakes nobody before `listen`, which needs no privilege. A family that
 * the kernel does not have is left out. Throws `OpError`.
 */
export function openPacketPort(reactor: Reactor): PacketPort {
  const sockets = new Map<Family, Sockets>()
  for (const family of [4, 6] as const) {
    try {
      sockets.set(family, openSockets(family))
    } catch (error) {
      if (!(error instanceof OpError) || error.code !== 'EAFNOSUPPORT') throw error
    }
  }
  return new HandmadePackets(reactor, sockets)
}

function openSockets(family: Family): Sockets {
  const subject = `packets of IPv${family}`
  const raw = openSocket(subject, [family === 4 ? AF.INET : AF.INET6, SOCK.RAW, IPPROTO.RAW], (fd) => {
    // IPVS lets such a socket's packets pass.
    if (family === 4) setOption(fd, optionOf.noDefragmentation, 1, subject)
  })
  try {
    return { raw, tap: openSocket(subject, [AF.PACKET, SOCK.DGRAM, 0], () => {}) }
  } catch (error) {
    libc.close(raw)
    throw error
  }
}

class HandmadePackets implements PacketPort {
  private readonly watches: Watch[] = []
  private readonly reserved: number[] = []

  constructor(
    private readonly reactor: Reactor,
    private readonly sockets: ReadonlyMap<Family, Sockets>,
  ) {}

  listen(onPacket: (packet: Uint8Array, from: Neighbour) => void): readonly Port[] {
    const ports = Array.from({ length: localPorts }, () => this.reservePort())
    for (const [family, { tap }] of this.sockets) {
      const subject = `answers of IPv${family}`
      attachFilter(tap, family === 4 ? filter4(ports) : filter6(ports), subject)
      const address = new Writer(linkAddressLength).u16host(AF.PACKET).u16be(etherTypes[family]).zeros(16)
      const bytes = address.finish()
      check(libc.bind(tap, bytes, bytes.length), 'bind', subject)
      this.watches.push(this.reactor.watch(tap, EPOLLIN, () => receive(tap, onPacket)))
    }
    return ports
  }

  send(packet: Uint8Array, via: IpAddress): void {
    const to = socketAddress(via.bytes, 0)
    const { raw } = this.socketsOf(via.family)
    check(libc.sendto(raw, packet, packet.length, MSG.DONTWAIT, to, to.length), 'send', 'a packet')
  }

  sendTo(packet: Uint8Array, { interfaceIndex, mac }: Neighbour): void {
    const to = new Writer(linkAddressLength)
      .u16host(AF.PACKET)
      .u16be(etherTypes[6])
      .u32host(interfaceIndex)
      .zeros(3)
      .u8(mac.length)
      .bytes(mac)
      .zeros(8 - mac.length)
      .finish()
    const { tap } = this.socketsOf(6)
    check(libc.sendto(tap, packet, packet.length, MSG.DONTWAIT, to, to.length), 'send', 'a packet')
  }

  sourceTowards(destination: IpAddress): IpAddress {
    const subject = 'a route'
    const family = destination.family === 4 ? AF.INET : AF.INET6
    const to = socketAddress(destination.bytes, discardPort)
    const fd = openSocket(subject, [family, SOCK.DGRAM, 0], () => {})
    try {
      check(libc.connect(fd, to, to.length), 'connect', subject)
      const name = localName(fd, to.length, subject)
      const address = ipFromBytes(destination.family === 4 ? name.slice(4, 8) : name.slice(8, 24))
      if (!address) throw new OpError('getsockname', subject, 'EINVAL')
      return address
    } finally {
      libc.close(fd)
    }
  }

  close(): void {
    for (const watch of this.watches.splice(0)) watch.close()
    for (const fd of this.reserved.splice(0)) libc.close(fd)
    for (const { raw, tap } of this.sockets.values()) {
      libc.close(raw)
      libc.close(tap)
    }
  }

  private socketsOf(family: Family): Sockets {
    const sockets = this.sockets.get(family)
    if (!sockets) throw new OpError('send', `a packet of IPv${family}`, 'EAFNOSUPPORT')
    return sockets
  }

  /** Of both families where there are both: an IPv6 socket holds the IPv4 port too. */
  private reservePort(): Port {
    const subject = 'a local port'
    const six = this.sockets.has(6)
    const fd = openSocket(subject, [six ? AF.INET6 : AF.INET, SOCK.STREAM, 0], (opened) => {
      const any = socketAddress(new Uint8Array(six ? 16 : 4), 0)
      if (six) setOption(opened, optionOf.v6Only, 0, subject)
      check(libc.bind(opened, any, any.length), 'bind', subject)
    })
    this.reserved.push(fd)
    const name = localName(fd, six ? 28 : 16, subject)
    const port = toPort(new DataView(name.buffer, name.byteOffset).getUint16(2, false))
    if (port === undefined) throw new OpError('getsockname', subject, 'EINVAL')
    return port
  }
}

function localName(fd: number, capacity: number, subject: string): Uint8Array {
  const name = new Uint8Array(capacity)
  const length = new Uint8Array(Uint32Array.of(capacity).buffer)
  check(libc.getsockname(fd, name, length), 'getsockname', subject)
  return name
}

function receive(tap: number, onPacket: (packet: Uint8Array, from: Neighbour) => void): void {
  const buffer = new Uint8Array(kept)
  const address = new Uint8Array(linkAddressLength)
  const view = new DataView(address.buffer)
  for (let i = 0; i < readsPerWakeUp; i++) {
    const capacity = new Uint8Array(Uint32Array.of(address.length).buffer)
    const length = libc.recvfrom(tap, buffer, kept, MSG.DONTWAIT, address, capacity)
    if (length < 0) {
      // ENETDOWN is reported once when an interface goes, and there are others.
      if (lastErrno() === 'EAGAIN') return
      continue
    }
    const macLength = Math.min(8, address[11] ?? 0)
    const interfaceIndex = view.getUint32(4, true)
    onPacket(buffer.slice(0, length), { interfaceIndex, mac: address.slice(12, 12 + macLength) })
  }
}

/** The whole of a segment without fragments that goes to one of the ports. */
const filter4 = (ports: readonly Port[]): readonly Instruction[] => [
  [BPF.loadByte, 0, 0, 9],
  [BPF.jumpEqual, 0, ports.length + 4, 6],
  [BPF.loadHalf, 0, 0, 6],
  [BPF.jumpAnyBit, ports.length + 2, 0, 0x3fff],
  [BPF.loadHeaderLength, 0, 0, 0],
  [BPF.loadHalfIndexed, 0, 0, 2],
  ...toOneOf(ports),
]

const filter6 = (ports: readonly Port[]): readonly Instruction[] => [
  [BPF.loadByte, 0, 0, 6],
  [BPF.jumpEqual, 0, ports.length + 1, 6],
  [BPF.loadHalf, 0, 0, 42],
  ...toOneOf(ports),
]

/** Ends the program: the last but one instruction refuses, the last one accepts. */
const toOneOf = (ports: readonly Port[]): readonly Instruction[] => [
  ...ports.map((port, i): Instruction => [BPF.jumpEqual, ports.length - i, 0, port]),
  [BPF.answer, 0, 0, 0],
  [BPF.answer, 0, 0, kept],
]
