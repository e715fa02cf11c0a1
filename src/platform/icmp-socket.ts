/**
 * ICMP for echo requests (raw(7), icmp(7)). Opening one needs CAP_NET_RAW, using it nothing: a process opens
 * it first and gives its privileges up then. The kernel sorts out what concerns the socket.
 */
import { formatIp, type IpAddress } from '../base/ip.js'
import type { IcmpSocket, IcmpSocketOptions } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { decodeIpv4 } from './ipv4-header.js'
import {
  lastErrno,
  libc,
  openSocket,
  setOption,
  setReceiveBuffer,
  socketAddress,
  trySetOption,
} from './libc.js'
import { AF, EPOLLIN, IPPROTO, MSG, optionOf, SOCK } from './linux.js'
import { attachFilter, BPF, type Instruction } from './packet-filter.js'
import { type Reactor, readsPerWakeUp } from './reactor.js'
import { ReceivedMessage } from './received-message.js'
import { sendFrom } from './send-from.js'

const longestPacket = 0xffff
const receiveBufferBytes = 1 << 20
/** What waits for the hardware address of a dead host counts until the kernel gives up, after seconds. */
const sendBufferBytes = 8 << 20

/** What differs between the families. */
interface Flavour {
  readonly name: string
  readonly domain: number
  readonly protocol: number
  filterTypes(fd: number): void
  filterProgram(identifier: number): readonly Instruction[]
}

const accept: Instruction = [BPF.answer, 0, 0, longestPacket]
const refuse: Instruction = [BPF.answer, 0, 0, 0]

/** The packet begins with the IP header; types 0 echo reply, 3 destination unreachable, 11 time exceeded. */
const ipv4: Flavour = {
  name: 'icmp',
  domain: AF.INET,
  protocol: IPPROTO.ICMP,
  filterTypes(fd) {
    setOption(fd, optionOf.icmpFilter, ~((1 << 0) | (1 << 3) | (1 << 11)), ipv4.name)
  },
  filterProgram: (identifier) => [
    [BPF.loadHeaderLength, 0, 0, 0],
    [BPF.loadByteIndexed, 0, 0, 0],
    [BPF.jumpEqual, 0, 3, 0],
    [BPF.loadHalfIndexed, 0, 0, 4],
    [BPF.jumpEqual, 3, 0, identifier],
    refuse,
    // An error: the protocol of the packet that it is about.
    [BPF.loadByteIndexed, 0, 0, 8 + 9],
    [BPF.jumpEqual, 0, 1, IPPROTO.ICMP],
    accept,
    refuse,
  ],
}

/** Types 129 echo reply, 1 destination unreachable, 2 packet too big, 3 time exceeded. */
const ipv6: Flavour = {
  name: 'icmpv6',
  domain: AF.INET6,
  protocol: IPPROTO.ICMPV6,
  filterTypes(fd) {
    // struct icmp6_filter (include/uapi/linux/icmpv6.h): a bit for each type that is refused.
    const blocked = new Uint32Array(8).fill(0xffffffff)
    for (const type of [1, 2, 3, 129]) {
      const word = type >>> 5
      blocked[word] = (blocked[word] ?? 0) & ~(1 << (type & 31))
    }
    setOption(fd, optionOf.icmpv6Filter, new Uint8Array(blocked.buffer), ipv6.name)
  },
  filterProgram: (identifier) => [
    [BPF.loadByte, 0, 0, 0],
    [BPF.jumpEqual, 0, 3, 129],
    [BPF.loadHalf, 0, 0, 4],
    [BPF.jumpEqual, 3, 0, identifier],
    refuse,
    [BPF.loadByte, 0, 0, 8 + 6],
    [BPF.jumpEqual, 0, 1, IPPROTO.ICMPV6],
    accept,
    refuse,
  ],
}

/** Throws `OpError`: `socket` with EPERM where the capability is missing. */
export function openIcmpSocket(
  reactor: Reactor,
  { family, identifier, onMessage }: IcmpSocketOptions,
): IcmpSocket {
  const flavour = family === 4 ? ipv4 : ipv6
  const subject = flavour.name
  const fd = openSocket(subject, [flavour.domain, SOCK.RAW, flavour.protocol], (opened) => {
    flavour.filterTypes(opened)
    attachFilter(opened, flavour.filterProgram(identifier), subject)
    setReceiveBuffer(opened, receiveBufferBytes, subject)
    trySetOption(opened, optionOf.sendBufferForce, sendBufferBytes)
  })
  const message = new ReceivedMessage(longestPacket)
  let open = true

  const receive = (): void => {
    for (let i = 0; i < readsPerWakeUp && open; i++) {
      const length = message.receive(fd, MSG.DONTWAIT)
      // An error is of no matter here: whoever waits for an answer hears of none.
      if (length < 0) return
      const packet = message.payload.subarray(0, length)
      if (family === 6) {
        // struct sockaddr_in6: family, port, flow, address.
        onMessage(Uint8Array.from(packet), { family, bytes: Uint8Array.from(message.name.subarray(8, 24)) })
        continue
      }
      const decoded = decodeIpv4(packet)
      if (decoded.ok) onMessage(decoded.value.payload, decoded.value.source)
    }
  }

  const watch = reactor.watch(fd, EPOLLIN, receive)
  return {
    send(bytes, destination, source) {
      if (!open) return
      const address = socketAddress(destination.bytes, 0)
      const sent = source
        ? sendFrom(fd, bytes, destination, source)
        : libc.sendto(fd, bytes, bytes.length, MSG.DONTWAIT, address, address.length)
      if (sent >= 0) return
      const code = lastErrno()
      const refused = source && refusalOf(source)
      throw new OpError('send', `${subject} to ${formatIp(destination)}`, refused ?? code)
    },
    close() {
      if (!open) return
      open = false
      watch.close()
      libc.close(fd)
    },
  }
}

/** Why nothing can come from it: the kernel says of a foreign source only that there is no way. */
function refusalOf({ family, bytes }: IpAddress): string | undefined {
  const fd = libc.socket(family === 4 ? AF.INET : AF.INET6, SOCK.DGRAM | SOCK.CLOEXEC, 0)
  if (fd < 0) return lastErrno()
  const address = socketAddress(bytes, 0)
  const code = libc.bind(fd, address, address.length) < 0 ? lastErrno() : undefined
  libc.close(fd)
  return code
}
