/** Raw sockets of one interface and one family: what VRRP's IP protocol 112 travels in. */
import { equalIp, formatIp, type IpAddress } from '../base/ip.js'
import type { RawPacket, RawSocket, RawSocketOptions } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { decodeIpv4, encodeIpv4 } from './ipv4-header.js'
import { decodeAncillary, encodeIpv6 } from './ipv6-header.js'
import {
  check,
  int32,
  interfaceIndex,
  lastErrno,
  libc,
  openSocket,
  setOption,
  setReceiveBuffer,
  socketAddress,
} from './libc.js'
import { AF, EPOLLIN, IPPROTO, MSG, optionOf, SOCK } from './linux.js'
import { type Reactor, readsPerWakeUp } from './reactor.js'
import { ReceivedMessage } from './received-message.js'

/** A VRRP packet is never fragmented, and a longer one is still to be seen as such. */
const longestPacket = 2048
const receiveBufferBytes = 1 << 20
/** tc-prio(8): the interactive band, above bulk traffic, and the highest that needs no privilege. */
const interactivePriority = 6

/** What differs between the families. */
interface Flavour {
  readonly domain: number
  configureReceiving(fd: number, options: RawSocketOptions, subject: string): void
  configureSending(fd: number, options: RawSocketOptions, subject: string): void
  encode(source: IpAddress, destination: IpAddress, protocol: number, payload: Uint8Array): Uint8Array
  /** Undefined: nothing waits, and `lastErrno` says why. */
  receive(fd: number, message: ReceivedMessage): RawPacket | 'malformed' | undefined
}

/**
 * Receives from the named interface only, of multicast only `group`, and never what this machine itself
 * sent to the group. Two descriptors: one bound to an address would not hear the group, and one that is not
 * bound leaves the choice of the source address to the kernel. Throws `OpError`.
 */
export function openRawSocket(reactor: Reactor, options: RawSocketOptions): RawSocket {
  const subject = `raw ${options.protocol} on ${options.interfaceName}`
  const flavour = options.source.family === 4 ? ipv4 : ipv6
  const device = Buffer.from(`${options.interfaceName}\0`)
  const receiving = options.sendOnly
    ? undefined
    : openSocket(subject, [flavour.domain, SOCK.RAW, options.protocol], (fd) => {
        setOption(fd, optionOf.bindToDevice, device, subject)
        setReceiveBuffer(fd, receiveBufferBytes, subject)
        flavour.configureReceiving(fd, options, subject)
      })
  let sending = -1
  try {
    // IPPROTO_RAW: we write the IP header ourselves, and nothing is ever queued for reading.
    sending = openSocket(subject, [flavour.domain, SOCK.RAW, IPPROTO.RAW], (fd) => {
      setOption(fd, optionOf.bindToDevice, device, subject)
      setOption(fd, optionOf.priority, interactivePriority, subject)
      flavour.configureSending(fd, options, subject)
    })
    return serve(reactor, options, subject, flavour, receiving, sending)
  } catch (error) {
    if (receiving !== undefined) libc.close(receiving)
    if (sending >= 0) libc.close(sending)
    throw error
  }
}

const ipv4: Flavour = {
  domain: AF.INET,
  configureReceiving(fd, options, subject) {
    setOption(fd, optionOf.multicastAll, 0, subject)
    if (options.group) setOption(fd, optionOf.addMembership, membership(options, options.group), subject)
  },
  configureSending(fd, options, subject) {
    setOption(fd, optionOf.multicastInterface, membership(options, undefined), subject)
    setOption(fd, optionOf.multicastLoop, 0, subject)
  },
  encode: encodeIpv4,
  receive(fd, { payload }) {
    const length = libc.recv(fd, payload, payload.length, MSG.DONTWAIT | MSG.TRUNC)
    if (length < 0) return undefined
    const packet = decodeIpv4(payload.subarray(0, Math.min(length, payload.length)))
    return packet.ok ? packet.value : 'malformed'
  },
}

const ipv6: Flavour = {
  domain: AF.INET6,
  configureReceiving(fd, { interfaceName, group }, subject) {
    setOption(fd, optionOf.checksumV6, -1, subject)
    setOption(fd, optionOf.receivePacketInfo, 1, subject)
    setOption(fd, optionOf.receiveHopLimit, 1, subject)
    if (!group) return
    // struct ipv6_mreq (include/uapi/linux/in6.h): group, interface index.
    const joined = Buffer.concat([group.bytes, int32(interfaceIndex(interfaceName))])
    setOption(fd, optionOf.addMembershipV6, joined, subject)
  },
  configureSending(fd, { interfaceName, source, sendOnly }, subject) {
    const index = interfaceIndex(interfaceName)
    if (sendOnly) {
      // The interface may have no address of its own yet, and then the kernel finds no way without one.
      setOption(fd, optionOf.freeBindV6, 1, subject)
      const address = socketAddress(source.bytes, 0, index)
      check(libc.bind(fd, address, address.length), 'bind', subject)
    }
    setOption(fd, optionOf.multicastInterfaceV6, index, subject)
    setOption(fd, optionOf.multicastLoopV6, 0, subject)
  },
  encode: encodeIpv6,
  receive(fd, message) {
    const length = message.receive(fd, MSG.DONTWAIT | MSG.TRUNC)
    if (length < 0) return undefined
    if (length > message.payload.length) return 'malformed'
    const facts = decodeAncillary(message.control)
    if (!facts) return 'malformed'
    return {
      payload: Uint8Array.from(message.payload.subarray(0, length)),
      // struct sockaddr_in6: family, port, flow, address.
      source: { family: 6, bytes: Uint8Array.from(message.name.subarray(8, 24)) },
      destination: facts.destination,
      ttl: facts.hopLimit,
    }
  },
}

/** An IPv6 raw socket that is bound to no address hears every group that anybody here has joined. */
const isForeignGroup = (destination: IpAddress, group: IpAddress | undefined): boolean =>
  destination.family === 6 && destination.bytes[0] === 0xff && !(group && equalIp(group, destination))

/** struct ip_mreqn (include/uapi/linux/in.h): group, local address, interface index. */
function membership(options: RawSocketOptions, group: IpAddress | undefined): Uint8Array {
  const bytes = new Uint8Array(12)
  if (group) bytes.set(group.bytes)
  bytes.set(options.source.bytes, 4)
  bytes.set(int32(interfaceIndex(options.interfaceName)), 8)
  return bytes
}

function serve(
  reactor: Reactor,
  options: RawSocketOptions,
  subject: string,
  flavour: Flavour,
  receiving: number | undefined,
  sending: number,
): RawSocket {
  const message = new ReceivedMessage(longestPacket)
  const scope = interfaceIndex(options.interfaceName)
  let open = true

  const receive = (fd: number): void => {
    for (let i = 0; i < readsPerWakeUp && open; i++) {
      const packet = flavour.receive(fd, message)
      if (packet === undefined) {
        const code = lastErrno()
        if (code !== 'EAGAIN' && code !== 'EINTR') options.onError(new OpError('receive', subject, code))
        return
      }
      if (packet === 'malformed') options.onMalformed()
      else if (!isForeignGroup(packet.destination, options.group)) options.onPacket(packet)
    }
  }

  const watch =
    receiving === undefined ? undefined : reactor.watch(receiving, EPOLLIN, () => receive(receiving))
  return {
    send(payload, destination, source = options.source) {
      const bytes = flavour.encode(source, destination, options.protocol, payload)
      const address = socketAddress(destination.bytes, 0, scope)
      const sent = libc.sendto(sending, bytes, bytes.length, MSG.DONTWAIT, address, address.length)
      check(sent, 'send', `${subject} to ${formatIp(destination)}`)
    },
    close() {
      if (!open) return
      open = false
      watch?.close()
      if (receiving !== undefined) libc.close(receiving)
      libc.close(sending)
    },
  }
}
