/**
 * What the features ask of the outside world, as interfaces only. `src/platform` implements them on
 * Linux; the fakes for tests and the simulator implement them in memory. A feature's runtime receives
 * the ports it uses in its constructor: no default, no global.
 */
import type { Endpoint, IpAddress, IpPrefix } from './ip.js'
import type { Millis, Port } from './units.js'

export interface Timer {
  cancel(): void
}

export interface Clock {
  /**
   * Monotonic, shared by all processes of one machine (milliseconds since boot, with a fraction). Goes on
   * while the machine is suspended; `at` may then be late by as much as was left of its wait.
   */
  now(): Millis
  /** Milliseconds since the epoch: for texts a person reads, never for a decision. */
  wall(): number
  /** Runs once, not before `deadline` (monotonic); how late is for the callee to find out. */
  at(deadline: Millis, run: () => void): Timer
  /**
   * Runs after everything that has already arrived at the process's sockets has been handed over. A late
   * timer calls this before it believes itself: Node runs timers before the datagrams that waited.
   */
  afterPendingInput(run: () => void): void
}

export type LogFields = Readonly<Record<string, string | number | boolean>>

export interface Log {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
}

/** Cryptographically strong random bytes; seeded in the simulator. */
export type Random = (length: number) => Uint8Array

/* Sockets. Opening and sending throw `OpError`; what arrives is handed to the callback. */

export interface Datagram {
  readonly payload: Uint8Array
  readonly source: IpAddress
  readonly sourcePort: number
}

export interface DatagramSocket {
  /** Queues one datagram; a failure to send is reported to `onError`, never thrown. */
  send(payload: Uint8Array, destination: IpAddress, port: number): void
  close(): void
}

export interface DatagramHandlers {
  onDatagram(datagram: Datagram): void
  onError(error: Error): void
}

/** A TCP connection that is being made, or is made. */
export interface Stream {
  /** From `onConnected` on. What the kernel does not take at once follows when it can. */
  send(bytes: Uint8Array): void
  /** Ends by a reset, which leaves no TIME_WAIT behind on either side; nothing is called any more. */
  reset(): void
  /** Ends in good order, as after the other side's end; nothing is called any more. */
  close(): void
}

export interface StreamOptions {
  readonly target: Endpoint
  /** Source address; undefined: the kernel's choice. */
  readonly source: IpAddress | undefined
}

/** After `onEnd` and `onError` nothing more is called; the stream is still to be reset or closed. */
export interface StreamHandlers {
  onConnected(): void
  /** The bytes are the stream's own again after the call. */
  onData(bytes: Uint8Array): void
  /** The other side has sent all that it will. */
  onEnd(): void
  /** The errno's name. */
  onError(code: string): void
}

/** Throws `OpError` for what is refused at once: no descriptor, no local port, no route. */
export type OpenStream = (options: StreamOptions, handlers: StreamHandlers) => Stream

/** One received packet of protocol 112 (RFC 9568 section 5.1). `payload` starts after the IP header. */
export interface RawPacket {
  readonly payload: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  /** TTL or hop limit as received. */
  readonly ttl: number
}

export interface RawSocketOptions {
  /** Interface to send on, receive from and join `group` on. */
  readonly interfaceName: string
  /** Joined when given: 224.0.0.18 or ff02::12 for multicast VRRP. */
  readonly group?: IpAddress
  /** Source address of what is sent; its family is the socket's. */
  readonly source: IpAddress
  /** IP protocol number. */
  readonly protocol: number
  /** Hears nothing. */
  readonly sendOnly?: true
  readonly onPacket: (packet: RawPacket) => void
  /** A packet was thrown away because its IP header does not fit what was received. */
  readonly onMalformed: () => void
  readonly onError: (error: Error) => void
}

export interface RawSocket {
  /** TTL or hop limit 255, TOS or traffic class 0xc0; `source` in place of the socket's. Throws `OpError`. */
  send(payload: Uint8Array, destination: IpAddress, source?: IpAddress): void
  close(): void
}

export interface IcmpSocketOptions {
  readonly family: 4 | 6
  /** Of the echo messages that concern this socket, 0 to 65535. */
  readonly identifier: number
  /**
   * From its ICMP header on: an echo reply with the identifier, or an error about somebody's ICMP packet.
   * The bytes are the callee's.
   */
  readonly onMessage: (message: Uint8Array, source: IpAddress) => void
}

/** ICMP of one family, to and from everywhere. */
export interface IcmpSocket {
  /** `source` undefined: the kernel's choice. Throws `OpError`. */
  send(message: Uint8Array, destination: IpAddress, source: IpAddress | undefined): void
  close(): void
}

/** A packet socket of one interface: whole Ethernet frames. */
export interface PacketSocket {
  /** Throws `OpError`. */
  send(frame: Uint8Array): void
  close(): void
}

/** Receives as well, frames of one kind: those whose bytes are as `matching` says. */
export interface FrameSocketOptions {
  readonly interfaceName: string
  /** As on the wire: 0x0806 is ARP. */
  readonly etherType: number
  /** Offsets from the start of the Ethernet header. */
  readonly matching: readonly { readonly offset: number; readonly value: number }[]
  readonly onFrame: (frame: Uint8Array) => void
  readonly onError: (error: Error) => void
}

/** Short TCP connections to an address of this machine. */
export interface MarkerPort {
  /** Makes one that is reset at once; `then` gets its own port when it stood. Failures are told elsewhere. */
  open(then: (clientPort: number) => void): void
  close(): void
}

/* Netlink. The message layer (headers, framing, error messages) is the platform's. */

export interface NetlinkRequest {
  readonly type: number
  /** NLM_F_ flags without REQUEST, which is always set. */
  readonly flags: number
  /** What follows the 16-byte nlmsghdr. */
  readonly payload: Uint8Array
}

export interface NetlinkMessage {
  readonly type: number
  readonly flags: number
  readonly payload: Uint8Array
}

export interface NetlinkReply {
  /** `OK`, or the errno's name (`EEXIST`) from this request's own NLMSG_ERROR. */
  readonly code: string
  /** What the request was answered with, acknowledgements and NLMSG_DONE left out. */
  readonly messages: readonly NetlinkMessage[]
  /** A dump during which the table changed (NLM_F_DUMP_INTR): repeat it. */
  readonly interrupted: boolean
}

export interface Netlink {
  /**
   * Sends every request in one datagram and answers with one reply a request, in order. One exchange is
   * in flight at a time; further calls queue. Rejects with `OpError`: `timeout` when the kernel stays
   * silent, `ENOBUFS` when the receive buffer overflowed; the state is then unknown and must be re-read.
   */
  exchange(requests: readonly NetlinkRequest[], timeout: Millis): Promise<readonly NetlinkReply[]>
  close(): void
}

/* Interfaces and addresses (rtnetlink). */

export interface InterfaceState {
  readonly name: string
  readonly index: number
  /** Administratively up and with carrier (IFF_UP and IFF_RUNNING). */
  readonly up: boolean
  /** Six bytes for Ethernet; empty for others. */
  readonly mac: Uint8Array
  readonly mtu: number
  /** Of a macvlan only. */
  readonly macvlan?: { readonly parentIndex: number; readonly adminUp: boolean }
  /** A text that somebody gave it. */
  readonly alias?: string
}

export interface AddressState {
  readonly interfaceIndex: number
  readonly prefix: IpPrefix
  /** Seconds until the kernel removes it; undefined for ever. */
  readonly validSeconds?: number
  /** IPv6: duplicate detection is not through, or has failed. Nothing may come from it yet. */
  readonly tentative?: true
  /** IPv4. */
  readonly label?: string
  /** Undefined: `global`, or one that has no name. */
  readonly scope?: Scope
}

/** How far an address or a route reaches (include/uapi/linux/rtnetlink.h, rt_scope_t). */
export type Scope = 'global' | 'site' | 'link' | 'host'

/** An address as it is added. */
export interface AddressSpec extends IpPrefix {
  /** IPv4: what ifconfig(8) calls it; undefined: the interface's name. */
  readonly label?: string
  /** Undefined: `global` of IPv4, of IPv6 always what the address itself says. */
  readonly scope?: Scope
  /** Of the route to the address's network; undefined: the kernel's choice. */
  readonly metric?: number
}

export interface Links {
  /** Everything as it is now. Rejects with `OpError`. */
  read(): Promise<{
    readonly interfaces: readonly InterfaceState[]
    readonly addresses: readonly AddressState[]
  }>
  /**
   * Adds the address or refreshes its lease. The request is in the kernel when the call returns; `done`
   * gets the kernel's verdict later. `lease` undefined: for ever. The kernel counts leases in whole
   * seconds, so it is rounded up.
   */
  claim(
    interfaceIndex: number,
    address: AddressSpec,
    lease: Millis | undefined,
    done: (error: Error | undefined) => void,
  ): void
  /** Removes the address; one that is not there is no error. */
  release(interfaceIndex: number, prefix: IpPrefix, done: (error: Error | undefined) => void): void
  /**
   * Calls `onChange` after any link or address changed, and after events were lost (`overflow`): in both
   * cases the listener reads again. Several changes may be one call.
   */
  watch(onChange: (overflow: boolean) => void): { close(): void }
  close(): void
}

/* Routes and rules (rtnetlink). What is added bears vipair's mark, and nothing else is ever removed. */

export interface RouteSpec {
  /** Length 0: the default route of the address's family. */
  readonly to: IpPrefix
  readonly via: IpAddress | undefined
  /** Undefined: where the kernel finds `via`. */
  readonly interfaceIndex: number | undefined
  /** Preferred source address. */
  readonly source: IpAddress | undefined
  /** Undefined: the kernel's default, 0 of IPv4 and 1024 of IPv6. */
  readonly metric: number | undefined
  readonly table: number
  readonly scope: Scope
  /** The gateway is on the link although no address says so. */
  readonly onlink: boolean
}

export interface RuleSpec {
  readonly family: IpAddress['family']
  readonly from: IpPrefix | undefined
  readonly to: IpPrefix | undefined
  readonly fwmark: { readonly value: number; readonly mask: number } | undefined
  /** That the packet came in by. */
  readonly interface: string | undefined
  readonly table: number
  readonly priority: number
}

type Verdict = (error: Error | undefined) => void

/** As with `Links`, a request is in the kernel when the call returns, and the verdict comes later. */
export interface Routing {
  /**
   * One that is there already is no error. `lease`: an IPv6 route expires after it, rounded up to seconds,
   * unless it is added again; IPv4 knows no such thing.
   */
  addRoute(route: RouteSpec, lease: Millis | undefined, done: Verdict): void
  /** One that is not there is no error. */
  removeRoute(route: RouteSpec, done: Verdict): void
  addRule(rule: RuleSpec, done: Verdict): void
  removeRule(rule: RuleSpec, done: Verdict): void
  /** All that bear our mark, of every table. Rejects with `OpError`. */
  readOwn(): Promise<{ readonly routes: readonly RouteSpec[]; readonly rules: readonly RuleSpec[] }>
  close(): void
}

export interface MacvlanSpec {
  readonly name: string
  readonly parentIndex: number
  /** Six bytes. */
  readonly mac: Uint8Array
}

/** Interfaces of our own on top of another. Requests are in the kernel when the call returns; verdicts follow. */
export interface Macvlans {
  /** In bridge mode, and down. */
  create(spec: MacvlanSpec, done: (error: Error | undefined) => void): void
  /** A text of at most 255 bytes that everybody can read, and that goes with the interface. */
  setAlias(name: string, alias: string, done: (error: Error | undefined) => void): void
  setUp(index: number, up: boolean, done: (error: Error | undefined) => void): void
  /** One that is gone is no error. */
  remove(index: number, done: (error: Error | undefined) => void): void
  close(): void
}

/* The kernel's settings and modules. */

/** Settings under /proc/sys, as sysctl(8) names them; a `/` within a name stands for a dot in it. */
export interface Sysctl {
  /** White space between fields is one space; undefined when this kernel or network namespace has none such. */
  read(name: string): string | undefined
  /** Throws `OpError`. */
  write(name: string, value: string): void
  /** The names below a folder of settings (`net.ipv4.conf`: interfaces), written as `read` takes them. */
  list(folder: string): readonly string[]
}

export interface KernelModules {
  /** Resolves when the module is there. Rejects with `OpError`, whose cause is what modprobe(8) said. */
  load(name: string): Promise<void>
}

/** Tables of nf_tables, in nft(8)'s own language. */
export interface Nft {
  /** One transaction: all of it or nothing. Rejects with `OpError`, whose cause says the cure. */
  apply(script: string): Promise<void>
  /** A table as `nft list table` prints it; undefined when there is none such. Rejects with `OpError`. */
  list(family: 'ip' | 'ip6' | 'inet', table: string): Promise<string | undefined>
}

/* Names. */

export type NameAnswer =
  /** At least one; `ttl` in seconds. */
  | { readonly type: 'addresses'; readonly addresses: readonly IpAddress[]; readonly ttl: number }
  /** DNS knows that there is none. */
  | { readonly type: 'none'; readonly reason: string }
  /** Nobody could be asked, or nobody answered. */
  | { readonly type: 'unanswered'; readonly reason: string }

export interface NameLookup {
  /** Of both families; never rejects. The name is taken in full: no search domain is tried. */
  lookUp(name: string): Promise<NameAnswer>
}

/* Packets made by hand, for destinations that are this machine's own addresses too. */

/** A machine on one of our links. */
export interface Neighbour {
  readonly interfaceIndex: number
  readonly mac: Uint8Array
}

export interface PacketPort {
  /**
   * From now on `onPacket` gets, IP header first, what TCP sends to the local ports that this answers; they
   * are nobody else's. Throws `OpError`.
   */
  listen(onPacket: (packet: Uint8Array, from: Neighbour) => void): readonly Port[]
  /**
   * Sends an IP packet, whatever its destination, to where the route to `via` leads; both are of one family.
   * IPVS, which would take an IPv6 packet to a virtual service for a client's, sees it. Throws `OpError`.
   */
  send(packet: Uint8Array, via: IpAddress): void
  /** Sends an IPv6 packet in a frame to this neighbour, past everything. Throws `OpError`. */
  sendTo(packet: Uint8Array, neighbour: Neighbour): void
  /** Which of our addresses the kernel would take. Throws `OpError`. */
  sourceTowards(destination: IpAddress): IpAddress
  close(): void
}
