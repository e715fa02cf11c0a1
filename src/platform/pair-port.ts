/**
 * The pair's one UDP port, shared by two processes. The parent opens two sockets on it as one SO_REUSEPORT
 * group with a classic BPF program that reads the channel byte, so that the kernel hands each datagram to
 * the right process and neither waits for the other.
 */
import { Writer } from '../base/bytes.js'
import { formatIp, type IpAddress } from '../base/ip.js'
import { addressOf, check, libc, openSocket, setOption, setReceiveBuffer, socketAddress } from './libc.js'
import { AF, networkControlTos, optionOf, SOCK } from './linux.js'

export interface PairPort {
  /** Gets the datagrams whose channel byte is 0. For one child's `stdio`. */
  readonly vrrpFd: number
  /** Gets all others; undefined when nobody mirrors connections, and vrrp's socket gets everything. */
  readonly syncFd: number | undefined
  /** The port: useful when 0 was asked for. */
  readonly port: number
  /**
   * Closes the parent's descriptors. Until then a child may die and its successor inherit the same socket;
   * the parent itself never reads.
   */
  close(): void
}

/** Where the channel is in a datagram, and the value that means vrrp. */
const channelOffset = 2
const vrrpChannel = 0

/**
 * What comes to a full buffer is lost, advertisements among it: vrrp's holds a tenth of a second of a flood of
 * 10,000 datagrams a second, but no more than a late timer has read before it believes itself
 * (`SystemClock.afterPendingInput`). A snapshot comes in bursts.
 */
const receiveBufferBytes = { vrrp: 1 << 19, sync: 1 << 22 } as const

/**
 * `withSync`: a sync process will read its share. A socket that nobody reads would fill up in silence, and
 * what is thrown away is to be counted. The address need not be on this machine yet. Throws `OpError`; EADDRINUSE also when the other holder
 * would have shared the port.
 */
export function openPairPort(address: IpAddress, port: number, withSync: boolean): PairPort {
  const subject = `pair port ${formatIp(address)} ${port}`
  // A second daemon of the same user could join the group, and would hear nothing.
  const probe = openBound(address, port, subject, () => {})
  const chosen = boundPort(probe, address.family, subject)
  libc.close(probe)

  const vrrpFd = openBound(address, chosen, subject, (fd) => {
    setOption(fd, optionOf.reusePort, 1, subject)
    setReceiveBuffer(fd, receiveBufferBytes.vrrp, subject)
  })
  if (!withSync) return { vrrpFd, syncFd: undefined, port: chosen, close: closeOnce([vrrpFd]) }
  try {
    // Before the second socket exists: nothing is ever spread by hash.
    attachFilter(vrrpFd, subject)
    const syncFd = openBound(address, chosen, subject, (fd) => {
      setOption(fd, optionOf.reusePort, 1, subject)
      setReceiveBuffer(fd, receiveBufferBytes.sync, subject)
    })
    return { vrrpFd, syncFd, port: chosen, close: closeOnce([vrrpFd, syncFd]) }
  } catch (error) {
    libc.close(vrrpFd)
    throw error
  }
}

function openBound(
  address: IpAddress,
  port: number,
  subject: string,
  configure: (fd: number) => void,
): number {
  const v4 = address.family === 4
  return openSocket(subject, [v4 ? AF.INET : AF.INET6, SOCK.DGRAM, 0], (fd) => {
    setOption(fd, v4 ? optionOf.freeBind : optionOf.freeBindV6, 1, subject)
    setOption(fd, v4 ? optionOf.tos : optionOf.trafficClass, networkControlTos, subject)
    configure(fd)
    const bytes = socketAddress(address.bytes, port)
    check(libc.bind(fd, bytes, bytes.length), 'bind', subject)
  })
}

function boundPort(fd: number, family: 4 | 6, subject: string): number {
  const name = new Uint8Array(family === 4 ? 16 : 28)
  const length = new Uint8Array(Uint32Array.of(name.length).buffer)
  check(libc.getsockname(fd, name, length), 'getsockname', subject)
  return new DataView(name.buffer).getUint16(2, false)
}

/**
 * Offsets count from the UDP payload. A load past the end would end the program with 0, which is vrrp's
 * socket, so the length is looked at first. The result is the socket's place in order of binding.
 */
function attachFilter(fd: number, subject: string): void {
  const BPF = { LOAD_LENGTH: 0x80, LOAD_BYTE: 0x30, JUMP_GE: 0x35, JUMP_EQ: 0x15, RETURN: 0x06 } as const
  const program = [
    [BPF.LOAD_LENGTH, 0, 0, 0],
    [BPF.JUMP_GE, 0, 3, channelOffset + 1],
    [BPF.LOAD_BYTE, 0, 0, channelOffset],
    [BPF.JUMP_EQ, 0, 1, vrrpChannel],
    [BPF.RETURN, 0, 0, 0],
    [BPF.RETURN, 0, 0, 1],
  ] as const
  // struct sock_filter (include/uapi/linux/filter.h): code, jump if true, jump if false, constant.
  const filters = new Writer(program.length * 8)
  for (const [code, ifTrue, ifFalse, constant] of program) {
    filters.u16host(code).u8(ifTrue).u8(ifFalse).u32host(constant)
  }
  const bytes = filters.finish()
  // struct sock_fprog: the number of instructions, padding, and where they are.
  const value = new Writer(16).u16host(program.length).zeros(6).u64host(addressOf(bytes)).finish()
  setOption(fd, optionOf.attachReusePortFilter, value, subject)
}

function closeOnce(fds: readonly number[]): () => void {
  let open = true
  return () => {
    if (open) for (const fd of fds) libc.close(fd)
    open = false
  }
}
