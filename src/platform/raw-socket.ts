/** Raw IPv4 sockets of one interface: what VRRP's IP protocol 112 travels in. */
import { formatIp, type IpAddress } from '../base/ip.js'
import type { RawSocket, RawSocketOptions } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { decodeIpv4, encodeIpv4 } from './ipv4-header.js'
import {
  check,
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

/** A VRRP packet is under 600 bytes, and a longer one is still to be seen as such. */
const longestPacket = 2048
const receiveBufferBytes = 1 << 20
/** tc-prio(8): the interactive band, above bulk traffic, and the highest that needs no privilege. */
const interactivePriority = 6

/**
 * Receives from the named interface only, of multicast only `group`, and never what this machine itself
 * sent to the group. Two descriptors: one bound to an address would not hear the group, and one that is not
 * bound leaves the choice of the source address to the kernel. Throws `OpError`.
 */
export function openRawSocket(reactor: Reactor, options: RawSocketOptions): RawSocket {
  const subject = `raw ${options.protocol} on ${options.interfaceName}`
  if (options.source.family !== 4) throw new OpError('open', subject, 'EAFNOSUPPORT')
  const receiving = openReceiving(options, subject)
  let sending = -1
  try {
    sending = openSending(options, subject)
    return serve(reactor, options, subject, receiving, sending)
  } catch (error) {
    libc.close(receiving)
    if (sending >= 0) libc.close(sending)
    throw error
  }
}

function openReceiving(options: RawSocketOptions, subject: string): number {
  return openSocket(subject, [AF.INET, SOCK.RAW, options.protocol], (fd) => {
    setOption(fd, optionOf.bindToDevice, Buffer.from(`${options.interfaceName}\0`), subject)
    setOption(fd, optionOf.multicastAll, 0, subject)
    setReceiveBuffer(fd, receiveBufferBytes, subject)
    if (options.group) setOption(fd, optionOf.addMembership, membership(options, options.group), subject)
  })
}

/** IPPROTO_RAW: we write the IP header ourselves, and nothing is ever queued for reading. */
function openSending(options: RawSocketOptions, subject: string): number {
  return openSocket(subject, [AF.INET, SOCK.RAW, IPPROTO.RAW], (fd) => {
    setOption(fd, optionOf.bindToDevice, Buffer.from(`${options.interfaceName}\0`), subject)
    setOption(fd, optionOf.multicastInterface, membership(options, undefined), subject)
    setOption(fd, optionOf.multicastLoop, 0, subject)
    setOption(fd, optionOf.priority, interactivePriority, subject)
  })
}

/** struct ip_mreqn (include/uapi/linux/in.h): group, local address, interface index. */
function membership(options: RawSocketOptions, group: IpAddress | undefined): Uint8Array {
  const bytes = new Uint8Array(12)
  if (group) bytes.set(group.bytes)
  bytes.set(options.source.bytes, 4)
  new DataView(bytes.buffer).setInt32(8, interfaceIndex(options.interfaceName), true)
  return bytes
}

function serve(
  reactor: Reactor,
  options: RawSocketOptions,
  subject: string,
  receiving: number,
  sending: number,
): RawSocket {
  const buffer = new Uint8Array(longestPacket)
  let open = true

  const receive = (): void => {
    for (let i = 0; i < readsPerWakeUp && open; i++) {
      const length = libc.recv(receiving, buffer, buffer.length, MSG.DONTWAIT | MSG.TRUNC)
      if (length < 0) {
        const code = lastErrno()
        if (code === 'EAGAIN' || code === 'EINTR') return
        options.onError(new OpError('receive', subject, code))
        return
      }
      const packet = decodeIpv4(buffer.subarray(0, Math.min(length, buffer.length)))
      if (packet.ok) options.onPacket(packet.value)
      else options.onMalformed()
    }
  }

  const watch = reactor.watch(receiving, EPOLLIN, receive)
  return {
    send(payload, destination) {
      const bytes = encodeIpv4(options.source, destination, options.protocol, payload)
      const address = socketAddress(destination.bytes, 0)
      const sent = libc.sendto(sending, bytes, bytes.length, MSG.DONTWAIT, address, address.length)
      check(sent, 'send', `${subject} to ${formatIp(destination)}`)
    },
    close() {
      if (!open) return
      open = false
      watch.close()
      libc.close(receiving)
      libc.close(sending)
    },
  }
}
