/**
 * The C library's calls that Node does not offer, through koffi: no compiler is needed on a director.
 * Every descriptor made here is non-blocking and closed on exec, so no call ever waits.
 */
import koffi from 'koffi'
import { OpError } from '../base/result.js'
import { errnoName } from './errno.js'
import { AF, optionOf, SOCK, type SocketOption } from './linux.js'

const library = koffi.load('libc.so.6')

function native<F extends (...args: never[]) => number>(definition: string): F {
  return library.func(definition) as unknown as F
}

type Bytes = Uint8Array

/** Raw calls: they answer -1 and set errno; `lastErrno` reads it right after. */
export const libc = {
  socket: native<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)'),
  close: native<(fd: number) => number>('int close(int)'),
  flock: native<(fd: number, operation: number) => number>('int flock(int, int)'),
  bind: native<(fd: number, address: Bytes, length: number) => number>('int bind(int, void *, uint32_t)'),
  connect: native<(fd: number, address: Bytes, length: number) => number>(
    'int connect(int, void *, uint32_t)',
  ),
  getsockname: native<(fd: number, address: Bytes, length: Bytes) => number>(
    'int getsockname(int, void *, void *)',
  ),
  setsockopt: native<(fd: number, level: number, option: number, value: Bytes, length: number) => number>(
    'int setsockopt(int, int, int, void *, uint32_t)',
  ),
  getsockopt: native<(fd: number, level: number, option: number, value: Bytes, length: Bytes) => number>(
    'int getsockopt(int, int, int, void *, void *)',
  ),
  send: native<(fd: number, bytes: Bytes, length: number, flags: number) => number>(
    'long send(int, void *, size_t, int)',
  ),
  sendto: native<
    (fd: number, bytes: Bytes, length: number, flags: number, address: Bytes, addressLength: number) => number
  >('long sendto(int, void *, size_t, int, void *, uint32_t)'),
  recv: native<(fd: number, buffer: Bytes, length: number, flags: number) => number>(
    'long recv(int, void *, size_t, int)',
  ),
  sendmsg: native<(fd: number, message: Bytes, flags: number) => number>('long sendmsg(int, void *, int)'),
  recvfrom: native<
    (fd: number, buffer: Bytes, length: number, flags: number, address: Bytes, addressLength: Bytes) => number
  >('long recvfrom(int, void *, size_t, int, void *, void *)'),
  recvmsg: native<(fd: number, message: Bytes, flags: number) => number>('long recvmsg(int, void *, int)'),
  epollCreate: native<(flags: number) => number>('int epoll_create1(int)'),
  epollControl: native<(epoll: number, operation: number, fd: number, event: Bytes) => number>(
    'int epoll_ctl(int, int, int, void *)',
  ),
  epollWait: native<(epoll: number, events: Bytes, capacity: number, timeout: number) => number>(
    'int epoll_wait(int, void *, int, int)',
  ),
  poll: native<(descriptors: Bytes, count: number, timeout: number) => number>(
    'int poll(void *, unsigned long, int)',
  ),
  /** `time`: a `timespec` of two 64-bit words. */
  clockGettime: native<(clock: number, time: BigInt64Array) => number>('int clock_gettime(int, void *)'),
  interfaceIndex: native<(name: string) => number>('uint32_t if_nametoindex(const char *)'),
  schedSetScheduler: native<(pid: number, policy: number, parameters: Bytes) => number>(
    'int sched_setscheduler(int, int, void *)',
  ),
  prctl: native<(option: number, a: number, b: number, c: number, d: number) => number>(
    'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
  ),
  waitpid: native<(pid: number, status: null, options: number) => number>('int waitpid(int, void *, int)'),
  /** `limit`: an `rlimit` of two 64-bit words. */
  setrlimit: native<(resource: number, limit: BigUint64Array) => number>('int setrlimit(int, void *)'),
  getrlimit: native<(resource: number, limit: BigUint64Array) => number>('int getrlimit(int, void *)'),
}

/** Name of the errno that the latest call of `libc` left. */
export const lastErrno = (): string => errnoName(koffi.errno())

/** Answers `result`, or throws `OpError` with the errno's name when it is negative. */
export function check(result: number, op: string, subject: string): number {
  if (result < 0) throw new OpError(op, subject, lastErrno())
  return result
}

/** A new socket; closed again when `configure` throws. Throws `OpError`. */
export function openSocket(
  subject: string,
  [domain, type, protocol]: readonly [number, number, number],
  configure: (fd: number) => void,
): number {
  const flags = type | SOCK.NONBLOCK | SOCK.CLOEXEC
  const fd = check(libc.socket(domain, flags, protocol), 'socket', subject)
  try {
    configure(fd)
  } catch (error) {
    libc.close(fd)
    throw error
  }
  return fd
}

/** Sets an `int` option, or one of any shape. Throws `OpError`. */
export function setOption(fd: number, option: SocketOption, value: number | Bytes, subject: string): void {
  const bytes = typeof value === 'number' ? int32(value) : value
  const result = libc.setsockopt(fd, option.level, option.option, bytes, bytes.length)
  check(result, `setsockopt ${option.name}`, subject)
}

/** Where a kernel without it is good enough. */
export function trySetOption(fd: number, option: SocketOption, value: number): void {
  libc.setsockopt(fd, option.level, option.option, int32(value), 4)
}

/** As large a receive buffer as asked for where the privilege allows, otherwise up to net.core.rmem_max. */
export function setReceiveBuffer(fd: number, bytes: number, subject: string): void {
  const { level, option } = optionOf.receiveBufferForce
  if (libc.setsockopt(fd, level, option, int32(bytes), 4) < 0) {
    setOption(fd, optionOf.receiveBuffer, bytes, subject)
  }
}

/** Index of the interface of that name. Throws `OpError` with ENODEV. */
export function interfaceIndex(name: string): number {
  const index = libc.interfaceIndex(name)
  if (index === 0) throw new OpError('interface', name, lastErrno())
  return index
}

/** struct sockaddr_in or sockaddr_in6 (include/uapi/linux/in.h, in6.h); `scope` is the interface of an IPv6 address. */
export function socketAddress(address: Bytes, port: number, scope = 0): Bytes {
  const v4 = address.length === 4
  const bytes = Buffer.alloc(v4 ? 16 : 28)
  new Uint16Array(bytes.buffer, bytes.byteOffset, 1)[0] = v4 ? AF.INET : AF.INET6
  bytes.writeUInt16BE(port, 2)
  bytes.set(address, v4 ? 4 : 8)
  if (!v4) bytes.set(int32(scope), 24)
  return bytes
}

/** An `int` in the machine's byte order. */
export function int32(value: number): Bytes {
  return new Uint8Array(Int32Array.of(value).buffer)
}

/** Where the bytes are, for a structure that points at them; valid while the caller holds `bytes`. */
export const addressOf = (bytes: Bytes): bigint => koffi.address(bytes)
