/** Interfaces and addresses of this machine through rtnetlink. */
import { formatPrefix, type IpPrefix } from '../base/ip.js'
import type {
  AddressSpec,
  AddressState,
  Clock,
  InterfaceState,
  Links,
  NetlinkRequest,
} from '../base/ports.js'
import { OpError } from '../base/result.js'
import { after, type Millis, millis } from '../base/units.js'
import { NetlinkCommands } from './netlink-command.js'
import { NetlinkExchange } from './netlink-exchange.js'
import { openNetlinkSocket } from './netlink-socket.js'
import type { Reactor } from './reactor.js'
import {
  addressDump,
  decodeAddress,
  decodeLink,
  deleteAddress,
  linkDump,
  NETLINK_ROUTE,
  newAddress,
  RTNLGRP,
} from './rtnetlink.js'

const timeout = millis(2000)
/** The table may change under a dump; after so many tries what was read last is good enough. */
const dumpTries = 4
/** The first change is told at once, those that follow within this time together. */
const quietTime = millis(20)
const eventBufferBytes = 1 << 20

/** The kernel counts in whole seconds. */
export const leaseSeconds = (lease: Millis | undefined): number | undefined =>
  lease === undefined ? undefined : Math.max(1, Math.ceil(lease / 1000))

type Done = (error: Error | undefined) => void

export interface LinksOptions {
  /** Receive buffer of each subscription; default 1 MiB. */
  readonly eventBufferBytes?: number
}

export class KernelLinks implements Links {
  private readonly reading: NetlinkExchange
  private readonly changing: NetlinkCommands

  /** Throws `OpError`. */
  constructor(
    private readonly reactor: Reactor,
    private readonly clock: Clock,
    private readonly options: LinksOptions = {},
  ) {
    this.reading = new NetlinkExchange(reactor, clock, NETLINK_ROUTE)
    this.changing = new NetlinkCommands(reactor, clock, NETLINK_ROUTE, timeout)
  }

  async read(): Promise<{
    readonly interfaces: readonly InterfaceState[]
    readonly addresses: readonly AddressState[]
  }> {
    return {
      interfaces: await this.dump(linkDump(), decodeLink),
      addresses: await this.dump(addressDump(), decodeAddress),
    }
  }

  claim(index: number, address: AddressSpec, lease: Millis | undefined, done: Done): void {
    this.changing.submit(newAddress(index, address, leaseSeconds(lease)), (code) => {
      done(code === 'OK' ? undefined : new OpError('claim', formatPrefix(address), code))
    })
  }

  release(index: number, prefix: IpPrefix, done: Done): void {
    this.changing.submit(deleteAddress(index, prefix), (code) => {
      // ENODEV: the interface is gone, and its addresses with it.
      const gone = code === 'OK' || code === 'EADDRNOTAVAIL' || code === 'ENODEV'
      done(gone ? undefined : new OpError('release', formatPrefix(prefix), code))
    })
  }

  watch(onChange: (overflow: boolean) => void): { close(): void } {
    const changes = new Coalesced(this.clock, onChange)
    const socket = openNetlinkSocket(this.reactor, {
      protocol: NETLINK_ROUTE,
      groups: Object.values(RTNLGRP),
      receiveBufferBytes: this.options.eventBufferBytes ?? eventBufferBytes,
      onData: () => changes.add(false),
      onOverflow: () => changes.add(true),
      onError: () => changes.add(true),
    })
    return {
      close: () => {
        changes.close()
        socket.close()
      },
    }
  }

  close(): void {
    this.reading.close()
    this.changing.close()
  }

  private async dump<T>(
    request: NetlinkRequest,
    decode: (payload: Uint8Array) => T | undefined,
  ): Promise<readonly T[]> {
    let found: readonly T[] = []
    for (let tries = 0; tries < dumpTries; tries++) {
      const [reply] = await this.reading.exchange([request], timeout)
      if (reply?.code !== 'OK') throw new OpError('read', 'links', reply?.code ?? 'EBADMSG')
      found = reply.messages.map(({ payload }) => decode(payload)).filter((item) => item !== undefined)
      if (!reply.interrupted) break
    }
    return found
  }
}

/** Many events, few calls: the first at once, the rest at the end of each quiet time. */
class Coalesced {
  private timer: { cancel(): void } | undefined
  private waiting: { overflow: boolean } | undefined
  private open = true

  constructor(
    private readonly clock: Clock,
    private readonly tell: (overflow: boolean) => void,
  ) {}

  add(overflow: boolean): void {
    if (!this.open) return
    if (this.waiting) {
      this.waiting.overflow ||= overflow
      return
    }
    this.waiting = { overflow }
    // An immediate first: what is read in one go is one change.
    if (!this.timer) setImmediate(() => this.flush())
  }

  close(): void {
    this.open = false
    this.timer?.cancel()
  }

  private flush(): void {
    const waiting = this.waiting
    this.waiting = undefined
    this.timer = undefined
    if (!this.open || !waiting) return
    this.timer = this.clock.at(after(this.clock.now(), quietTime), () => this.flush())
    this.tell(waiting.overflow)
  }
}
