/**
 * UDP through Node's own dgram, behind the port. The descriptor is opened and configured here, so that
 * failures come at once with the errno's name and with options that dgram does not know.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { formatIp, type IpAddress, parseIp } from '../base/ip.js'
import type { DatagramHandlers, DatagramSocket } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { check, libc, openSocket, setOption, setReceiveBuffer, socketAddress } from './libc.js'
import { AF, networkControlTos, optionOf, SOCK } from './linux.js'
import type { Reactor } from './reactor.js'

export interface DatagramOptions {
  readonly family: 4 | 6
  /** A bound socket inherited from the parent; otherwise one is bound to `address` and `port`. */
  readonly fd?: number
  /** Unset: every address of the machine. */
  readonly address?: IpAddress
  /** 0 or unset: the kernel's choice. */
  readonly port?: number
  /** Others may be bound to the same multicast group and port: the kernel's sync daemon is. */
  readonly sharePort?: boolean
  /** Beyond net.core.rmem_max where the privilege allows. */
  readonly receiveBufferBytes?: number
  readonly multicast?: MulticastOptions
}

export interface MulticastOptions {
  /** Joined on `interfaceAddress` when given. */
  readonly group?: IpAddress
  /** Address of the interface to send multicast from and to join on. */
  readonly interfaceAddress: IpAddress
  /** 0 to 255; the kernel's default is 1. */
  readonly ttl?: number
  /** Whether this machine hears what it sends; the kernel's default is true. */
  readonly loopback?: boolean
}

export interface BoundDatagramSocket extends DatagramSocket {
  /** The port it is bound to. */
  readonly port: number
}

/** Datagrams that wait for room in the kernel's send buffer; more are dropped and reported. */
const longestQueue = 1024

/** Throws `OpError`; later failures go to `onError`. An inherited `fd` belongs to the socket from now on. */
export function openDatagramSocket(
  reactor: Reactor,
  options: DatagramOptions,
  handlers: DatagramHandlers,
): BoundDatagramSocket {
  const subject = subjectOf(options)
  const socket = adopt(options.fd ?? bindSocket(options, subject), options, subject)
  let open = true

  const report = (op: string, where: string, cause: unknown): void => {
    if (open) handlers.onError(new OpError(op, where, codeOf(cause), { cause }))
  }
  socket.on('message', (payload: Buffer, from: RemoteInfo) => {
    reactor.nodeInputs++
    const source = parseIp(from.address.split('%', 1)[0] ?? '')
    if (source && open) handlers.onDatagram({ payload, source, sourcePort: from.port })
  })
  socket.on('error', (error) => {
    reactor.nodeInputs++
    report('receive', subject, error)
  })

  return {
    port: socket.address().port,
    send(payload, destination, port) {
      if (!open) return
      const where = `${subject} to ${formatIp(destination)} ${port}`
      if (socket.getSendQueueCount() >= longestQueue) {
        handlers.onError(new OpError('send', where, 'ENOBUFS'))
        return
      }
      socket.send(payload, port, formatIp(destination), (error) => {
        if (error) report('send', where, error)
      })
    },
    close() {
      if (open) socket.close()
      open = false
    },
  }
}

/** Hands the descriptor to dgram, which closes it from then on. */
function adopt(fd: number, options: DatagramOptions, subject: string): Socket {
  const socket = createSocket({ type: options.family === 4 ? 'udp4' : 'udp6', lookup: numericOnly })
  let adopted = false
  try {
    socket.bind({ fd })
    adopted = true
    configure(socket, options)
    return socket
  } catch (cause) {
    socket.close()
    if (!adopted) libc.close(fd)
    throw new OpError('open', subject, codeOf(cause), { cause })
  }
}

function bindSocket(options: DatagramOptions, subject: string): number {
  const v4 = options.family === 4
  return openSocket(subject, [v4 ? AF.INET : AF.INET6, SOCK.DGRAM, 0], (fd) => {
    if (options.receiveBufferBytes !== undefined) setReceiveBuffer(fd, options.receiveBufferBytes, subject)
    setOption(fd, v4 ? optionOf.tos : optionOf.trafficClass, networkControlTos, subject)
    if (!v4) setOption(fd, optionOf.v6Only, 1, subject)
    if (options.sharePort) setOption(fd, optionOf.reuseAddress, 1, subject)
    const address = socketAddress(options.address?.bytes ?? new Uint8Array(v4 ? 4 : 16), options.port ?? 0)
    check(libc.bind(fd, address, address.length), 'bind', subject)
  })
}

function configure(socket: Socket, { multicast }: DatagramOptions): void {
  if (!multicast) return
  const local = formatIp(multicast.interfaceAddress)
  socket.setMulticastInterface(local)
  if (multicast.ttl !== undefined) socket.setMulticastTTL(multicast.ttl)
  if (multicast.loopback !== undefined) socket.setMulticastLoopback(multicast.loopback)
  if (multicast.group) socket.addMembership(formatIp(multicast.group), local)
}

/** Every address is a number here: no resolver, and no extra turn of the loop for each datagram sent. */
function numericOnly(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, host.includes(':') ? 6 : 4)
}

function subjectOf(options: DatagramOptions): string {
  if (options.fd !== undefined) return `udp fd ${options.fd}`
  return `udp ${options.address ? formatIp(options.address) : '*'} ${options.port ?? 0}`
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return code ?? 'unknown'
}
