/** sendmsg(2) with the packet's source address beside the payload, for a socket that is bound to none. */
import { Writer } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'
import { addressOf, libc, socketAddress } from './libc.js'
import { CMSG_V4, CMSG_V6, IPPROTO, MSG } from './linux.js'

/** As send(2) answers: the length, or -1 with errno. */
export function sendFrom(fd: number, payload: Uint8Array, destination: IpAddress, source: IpAddress): number {
  const name = socketAddress(destination.bytes, 0)
  const vector = new Writer(16).u64host(addressOf(payload)).u64host(BigInt(payload.length)).finish()
  const control = packetInfo(source)
  // struct msghdr of a 64-bit machine (include/linux/socket.h).
  const header = new Writer(56)
    .u64host(addressOf(name))
    .u64host(BigInt(name.length))
    .u64host(addressOf(vector))
    .u64host(1n)
    .u64host(addressOf(control))
    .u64host(BigInt(control.length))
    .zeros(8)
    .finish()
  return libc.sendmsg(fd, header, MSG.DONTWAIT)
}

/** struct cmsghdr with in_pktinfo or in6_pktinfo (include/uapi/linux/in.h, ipv6.h); any interface. */
function packetInfo({ family, bytes }: IpAddress): Uint8Array {
  const writer = new Writer(40)
  if (family === 6) {
    return writer.u64host(36n).u32host(IPPROTO.IPV6).u32host(CMSG_V6.PKTINFO).bytes(bytes).zeros(8).finish()
  }
  return writer
    .u64host(28n)
    .u32host(IPPROTO.IP)
    .u32host(CMSG_V4.PKTINFO)
    .zeros(4)
    .bytes(bytes)
    .zeros(8)
    .finish()
}
