/**
 * Numbers of the Linux socket interface, by the names of the kernel headers. All are the same on x86-64
 * and arm64 (asm-generic).
 */

/** include/linux/socket.h */
export const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16, PACKET: 17 } as const

/** include/linux/net.h */
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const

/** include/linux/socket.h */
export const MSG = { DONTWAIT: 0x40, TRUNC: 0x20, NOSIGNAL: 0x4000 } as const

/** include/uapi/linux/eventpoll.h */
export const EPOLL = { CLOEXEC: 0o2000000, CTL_ADD: 1, CTL_DEL: 2, CTL_MOD: 3 } as const
export const EPOLLIN = 0x1
export const EPOLLOUT = 0x4
export const EPOLLERR = 0x8
export const EPOLLHUP = 0x10

/** include/uapi/linux/in.h */
export const IPPROTO = { IP: 0, ICMP: 1, IPV6: 41, ICMPV6: 58, RAW: 255 } as const

/** Type of ancillary data at level IPPROTO_IP (include/uapi/linux/in.h). */
export const CMSG_V4 = { PKTINFO: 8 } as const
/** Types of ancillary data at level IPPROTO_IPV6 (include/uapi/linux/in6.h). */
export const CMSG_V6 = { PKTINFO: 50, HOPLIMIT: 52 } as const

export interface SocketOption {
  readonly name: string
  readonly level: number
  readonly option: number
}

const option =
  (level: number) =>
  (name: string, number: number): SocketOption => ({ name, level, option: number })
const socket = option(1) // SOL_SOCKET
const ip = option(0) // SOL_IP
const ipv6 = option(41) // SOL_IPV6
const icmpv6 = option(58) // SOL_ICMPV6
const raw = option(255) // SOL_RAW
const netlink = option(270) // SOL_NETLINK

/** include/uapi/asm-generic/socket.h, linux/in.h, linux/in6.h, linux/icmp.h, linux/icmpv6.h, linux/netlink.h */
export const optionOf = {
  error: socket('SO_ERROR', 4),
  sendBuffer: socket('SO_SNDBUF', 7),
  receiveBuffer: socket('SO_RCVBUF', 8),
  priority: socket('SO_PRIORITY', 12),
  reuseAddress: socket('SO_REUSEADDR', 2),
  linger: socket('SO_LINGER', 13),
  reusePort: socket('SO_REUSEPORT', 15),
  attachFilter: socket('SO_ATTACH_FILTER', 26),
  bindToDevice: socket('SO_BINDTODEVICE', 25),
  sendBufferForce: socket('SO_SNDBUFFORCE', 32),
  receiveBufferForce: socket('SO_RCVBUFFORCE', 33),
  attachReusePortFilter: socket('SO_ATTACH_REUSEPORT_CBPF', 51),
  tos: ip('IP_TOS', 1),
  freeBind: ip('IP_FREEBIND', 15),
  noDefragmentation: ip('IP_NODEFRAG', 22),
  bindAddressNoPort: ip('IP_BIND_ADDRESS_NO_PORT', 24),
  multicastInterface: ip('IP_MULTICAST_IF', 32),
  multicastLoop: ip('IP_MULTICAST_LOOP', 34),
  addMembership: ip('IP_ADD_MEMBERSHIP', 35),
  multicastAll: ip('IP_MULTICAST_ALL', 49),
  checksumV6: ipv6('IPV6_CHECKSUM', 7),
  multicastInterfaceV6: ipv6('IPV6_MULTICAST_IF', 17),
  multicastLoopV6: ipv6('IPV6_MULTICAST_LOOP', 19),
  addMembershipV6: ipv6('IPV6_ADD_MEMBERSHIP', 20),
  v6Only: ipv6('IPV6_V6ONLY', 26),
  receivePacketInfo: ipv6('IPV6_RECVPKTINFO', 49),
  receiveHopLimit: ipv6('IPV6_RECVHOPLIMIT', 51),
  trafficClass: ipv6('IPV6_TCLASS', 67),
  freeBindV6: ipv6('IPV6_FREEBIND', 78),
  icmpFilter: raw('ICMP_FILTER', 1),
  icmpv6Filter: icmpv6('ICMPV6_FILTER', 1),
  netlinkMembership: netlink('NETLINK_ADD_MEMBERSHIP', 1),
  netlinkStrict: netlink('NETLINK_GET_STRICT_CHK', 12),
  netlinkCapAck: netlink('NETLINK_CAP_ACK', 10),
} as const

/** Class selector 6 (RFC 2474): routing protocols. What VRRP and keepalived send. */
export const networkControlTos = 0xc0

/** time.h: monotonic, and goes on while the machine is suspended. */
export const CLOCK_BOOTTIME = 7
