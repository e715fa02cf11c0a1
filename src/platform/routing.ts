/** Routes and policy rules of ours through rtnetlink. */
import { formatPrefix } from '../base/ip.js'
import type { Clock, NetlinkRequest, RouteSpec, Routing, RuleSpec } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { type Millis, millis } from '../base/units.js'
import { leaseSeconds } from './links.js'
import { NetlinkCommands } from './netlink-command.js'
import { NetlinkExchange } from './netlink-exchange.js'
import type { Reactor } from './reactor.js'
import { decodeOwnRoute, deleteRoute, newRoute, ownRouteDump } from './route-message.js'
import { NETLINK_ROUTE } from './rtnetlink.js'
import { decodeOwnRule, deleteRule, newRule, ruleDump } from './rule-message.js'

const timeout = millis(2000)
const families = [4, 6] as const

type Done = (error: Error | undefined) => void

export class KernelRouting implements Routing {
  private readonly reading: NetlinkExchange
  private readonly changing: NetlinkCommands

  /** Throws `OpError`. */
  constructor(reactor: Reactor, clock: Clock) {
    // A router with a full table must not be made to tell it all.
    this.reading = new NetlinkExchange(reactor, clock, NETLINK_ROUTE, { strict: true })
    this.changing = new NetlinkCommands(reactor, clock, NETLINK_ROUTE, timeout)
  }

  addRoute(route: RouteSpec, lease: Millis | undefined, done: Done): void {
    // EEXIST: the same one is there; of IPv6, its expiry has been put off.
    this.submit('addRoute', newRoute(route, leaseSeconds(lease)), textOfRoute(route), ['EEXIST'], done)
  }

  removeRoute(route: RouteSpec, done: Done): void {
    // ENODEV: it went with its interface. ENETDOWN, ENETUNREACH: with its link, or its gateway's network.
    const gone = ['ESRCH', 'ENODEV', 'ENETDOWN', 'ENETUNREACH', 'EHOSTUNREACH']
    this.submit('removeRoute', deleteRoute(route), textOfRoute(route), gone, done)
  }

  addRule(rule: RuleSpec, done: Done): void {
    this.submit('addRule', newRule(rule), textOfRule(rule), ['EEXIST'], done)
  }

  removeRule(rule: RuleSpec, done: Done): void {
    this.submit('removeRule', deleteRule(rule), textOfRule(rule), ['ENOENT', 'ESRCH'], done)
  }

  async readOwn(): Promise<{ readonly routes: readonly RouteSpec[]; readonly rules: readonly RuleSpec[] }> {
    const routes: RouteSpec[] = []
    const rules: RuleSpec[] = []
    for (const family of families) {
      routes.push(...(await this.dump(ownRouteDump(family), decodeOwnRoute)))
      rules.push(...(await this.dump(ruleDump(family), decodeOwnRule)))
    }
    return { routes, rules }
  }

  close(): void {
    this.reading.close()
    this.changing.close()
  }

  private submit(op: string, request: NetlinkRequest, subject: string, fine: string[], done: Done): void {
    this.changing.submit(request, (code) =>
      done(code === 'OK' || fine.includes(code) ? undefined : new OpError(op, subject, code)),
    )
  }

  private async dump<T>(
    request: NetlinkRequest,
    decode: (payload: Uint8Array) => T | undefined,
  ): Promise<readonly T[]> {
    const [reply] = await this.reading.exchange([request], timeout)
    // A kernel without IPv6 has no such routes, and says so.
    if (reply?.code === 'EAFNOSUPPORT' || reply?.code === 'EOPNOTSUPP') return []
    if (reply?.code !== 'OK') throw new OpError('read', 'routes', reply?.code ?? 'EBADMSG')
    return reply.messages.map(({ payload }) => decode(payload)).filter((item) => item !== undefined)
  }
}

const textOfRoute = ({ to, table }: RouteSpec): string => `${formatPrefix(to)} table ${table}`
const textOfRule = ({ priority, table }: RuleSpec): string => `${priority} table ${table}`
