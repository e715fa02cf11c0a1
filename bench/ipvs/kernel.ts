/** Looks at the kernel's table without disturbing what is measured: one service at a time. */
import { parseIp } from '../../src/base/ip.js'
import { millis, port } from '../../src/base/units.js'
import { IpvsClient } from '../../src/ipvs/client.js'
import { IPPROTO } from '../../src/ipvs/constants.js'
import type { ServiceKey } from '../../src/ipvs/model.js'
import { SystemClock } from '../../src/platform/clock.js'
import { NETLINK_GENERIC, resolveFamily } from '../../src/platform/generic-netlink.js'
import { NetlinkExchange } from '../../src/platform/netlink-exchange.js'
import { Reactor } from '../../src/platform/reactor.js'
import { serverAddress, serversEach, serviceAddress } from './files.js'

/** Often enough for what takes half a second; the guest has one processor, and looking costs. */
const pollEvery = 40

export class Kernel {
  private turn = 0

  private constructor(
    private readonly client: IpvsClient,
    private readonly netlink: NetlinkExchange,
    private readonly reactor: Reactor,
  ) {}

  static async open(): Promise<Kernel> {
    const reactor = Reactor.open()
    const netlink = new NetlinkExchange(reactor, new SystemClock(reactor), NETLINK_GENERIC)
    const family = await resolveFamily(netlink, 'IPVS', millis(5_000))
    return new Kernel(new IpvsClient(netlink, family), netlink, reactor)
  }

  /** Milliseconds from `since` until every server is there; every program makes the last service last. */
  async untilComplete(servers: number, since: number, limit: number): Promise<number> {
    const last = servers / serversEach - 1
    return this.until('the table is complete', since, limit, async () => {
      return (await this.destinations(last)).size === serversEach
    })
  }

  /** Milliseconds from `since` until the first server of all has this weight. */
  untilWeight(weight: number, since: number, limit: number): Promise<number> {
    const name = `${serverAddress(0, 0)}:80`
    return this.until(`the weight is ${weight}`, since, limit, async () => {
      return (await this.destinations(0)).get(name)?.weight === weight
    })
  }

  async untilEmpty(limit: number): Promise<void> {
    await this.until('the table is empty', performance.now(), limit, async () => {
      return (await this.destinations(0)).size === 0
    })
  }

  /** Servers in all; slow. */
  async count(): Promise<number> {
    const { services } = await this.client.readTable()
    return [...services.values()].reduce((sum, { destinations }) => sum + destinations.size, 0)
  }

  /** Whatever is waited for fails. */
  giveUp(): void {
    this.turn += 1
  }

  close(): void {
    this.netlink.close()
    this.reactor.close()
  }

  private destinations(service: number) {
    const address = parseIp(serviceAddress(service))
    const eighty = port(80)
    if (!address || eighty === undefined) throw new Error('no such service')
    const key: ServiceKey = { kind: 'endpoint', protocol: IPPROTO.TCP, address, port: eighty }
    return this.client.readDestinations(key)
  }

  private async until(
    what: string,
    since: number,
    limit: number,
    holds: () => Promise<boolean>,
  ): Promise<number> {
    const { turn } = this
    for (;;) {
      if (turn !== this.turn) throw new Error(`given up: ${what}`)
      if (await holds()) return performance.now() - since
      if (performance.now() - since > limit) throw new Error(`not within ${limit / 1000} s: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, pollEvery))
    }
  }
}
