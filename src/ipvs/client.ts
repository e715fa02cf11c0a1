/** The kernel's IPVS table over generic netlink: read it, change it, bring it to what is desired. */
import type { Netlink, NetlinkReply, NetlinkRequest } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { millis } from '../base/units.js'
import { advance } from './advance.js'
import { batches } from './batches.js'
import { IPVS_CMD, NLM_F } from './constants.js'
import { isStale, operationError, readError } from './errors.js'
import type { Decoded } from './messages.js'
import {
  decodeMessage,
  encodeCommand,
  encodeOperation,
  encodeServiceCommand,
  encodeTimeouts,
} from './messages.js'
import type {
  Daemon,
  ObservedDestination,
  ObservedEntry,
  ObservedTable,
  ServiceKey,
  Table,
  Timeouts,
} from './model.js'
import { destinationId, serviceId } from './model.js'
import type { Operation } from './operation.js'
import { operationService } from './operation.js'
import type { Policy } from './plan.js'
import { planDaemons, planServices } from './plan.js'
import { sparing } from './sparing.js'

const DUMP_ATTEMPTS = 5
const CONVERGE_ROUNDS = 4
const ANSWER_TIMEOUT = millis(5000)
/** A daemon's start or stop may stay unanswered though it takes effect: not worth a longer wait. */
const DAEMON_TIMEOUT = millis(1500)

export interface OperationResult {
  readonly operation: Operation
  /** `OK`, an errno's name, `timeout`, or `skipped`: see `sparing`. */
  readonly code: string
}

export interface Applied {
  /** The table as it stands now, as far as is known. */
  readonly table: ObservedTable
  readonly results: readonly OperationResult[]
  /** What reading again does not cure. */
  readonly failures: readonly OpError[]
  /** The table is not what the plan was made from: read it again. */
  readonly stale: boolean
}

export interface Convergence extends Applied {
  /** The first plan: what differed from the desired table. */
  readonly planned: readonly Operation[]
  /** The table that the first plan was made from. */
  readonly before: ObservedTable
}

export class IpvsClient {
  constructor(
    private readonly netlink: Netlink,
    /** Message type of the generic-netlink family `IPVS`. */
    private readonly family: number,
  ) {}

  /**
   * Every service with its destinations, and the sync daemons. Not a snapshot: each service is read in
   * its own dump, and what changes meanwhile shows as a stale plan. Rejects with `OpError`.
   */
  async readTable(): Promise<ObservedTable> {
    const services = new Map<string, ObservedEntry>()
    for (const { service } of await this.dump(IPVS_CMD.GET_SERVICE, encodeCommand(IPVS_CMD.GET_SERVICE))) {
      if (service === undefined) continue
      const destinations = await this.readDestinations(service.key)
      services.set(serviceId(service.key), { service, destinations })
    }
    return { services, daemons: await this.readDaemons() }
  }

  async readDestinations(key: ServiceKey): Promise<ReadonlyMap<string, ObservedDestination>> {
    const destinations = new Map<string, ObservedDestination>()
    const request = encodeServiceCommand(IPVS_CMD.GET_DEST, key)
    for (const { destination } of await this.dump(IPVS_CMD.GET_DEST, request)) {
      if (destination !== undefined) destinations.set(destinationId(destination), destination)
    }
    return destinations
  }

  /** The table with the destinations of these services read anew. Rejects with `OpError`. */
  async refreshed(table: ObservedTable, ids: ReadonlySet<string>): Promise<ObservedTable> {
    const services = new Map(table.services)
    for (const id of ids) {
      const entry = services.get(id)
      if (entry === undefined) continue
      const destinations = await this.readDestinations(entry.service.key)
      services.set(id, { service: entry.service, destinations })
    }
    return { ...table, services }
  }

  async readDaemons(): Promise<readonly Daemon[]> {
    const messages = await this.dump(IPVS_CMD.GET_DAEMON, encodeCommand(IPVS_CMD.GET_DAEMON))
    return messages.flatMap(({ daemon }) => daemon ?? [])
  }

  /** Idle timeouts of connections. */
  async readTimeouts(): Promise<Timeouts> {
    const reply = await this.ask('getConfig', encodeCommand(IPVS_CMD.GET_CONFIG), NLM_F.ACK)
    return this.decode('getConfig', reply)[0]?.timeouts ?? { tcp: 0, tcpFin: 0, udp: 0 }
  }

  /** A zero leaves that timeout as it is. */
  async setTimeouts(timeouts: Timeouts): Promise<void> {
    await this.ask('setConfig', encodeTimeouts(IPVS_CMD.SET_CONFIG, timeouts), NLM_F.ACK)
  }

  /**
   * Applies in order, many messages a send, to `table` as it was read. Never rejects: an exchange that
   * fails leaves the rest untried and the table to be read again.
   */
  async apply(operations: readonly Operation[], table: ObservedTable): Promise<Applied> {
    const results: OperationResult[] = []
    const done: Operation[] = []
    const failures: OpError[] = []
    const broken = new Set<string>()
    const unknown = new Set<string>()
    let stale = false
    for (const batch of batches(operations)) {
      const tried = broken.size === 0 ? batch : sparing(batch, broken, unknown, advance(table, done))
      for (const operation of batch)
        if (!tried.includes(operation)) results.push({ operation, code: 'skipped' })
      const codes = await this.send(tried)
      for (const [i, operation] of tried.entries()) {
        const code = codes[i] ?? 'timeout'
        results.push({ operation, code })
        if (code === 'OK') {
          done.push(operation)
          continue
        }
        const service = operationService(operation)
        // In a service that could not be made every destination fails too: one complaint is enough.
        const consequence = code === 'ESRCH' && service !== undefined && broken.has(service)
        if (service !== undefined) broken.add(service)
        if (isUnknown(code) || (isStale(operation, code) && !consequence)) {
          stale = true
          if (service !== undefined) unknown.add(service)
        } else if (!consequence) failures.push(operationError(operation, code))
      }
      if (codes.some(isUnknown)) break
    }
    return { table: advance(table, done), results, failures, stale }
  }

  /** Services and destinations first, then the sync daemons. Rejects with `OpError` when the table cannot be read. */
  async converge(desire: (actual: ObservedTable) => Table, policy: Policy): Promise<Convergence> {
    let daemons: readonly Daemon[] = []
    const desireAll = (actual: ObservedTable): Table => {
      const desired = desire(actual)
      daemons = desired.daemons
      return desired
    }
    const services = await this.convergeServices(desireAll, policy)
    const rest = await this.convergeDaemons(daemons, services.table, policy)
    return {
      table: rest.table,
      planned: [...services.planned, ...rest.planned],
      before: { ...services.before, daemons: rest.before.daemons },
      results: [...services.results, ...rest.results],
      failures: [...services.failures, ...rest.failures],
      stale: services.stale || rest.stale,
    }
  }

  /** Leaves the sync daemons as they are. Rejects with `OpError` when the table cannot be read. */
  convergeServices(desire: (actual: ObservedTable) => Table, policy: Policy): Promise<Convergence> {
    return this.rounds(
      () => this.readTable(),
      (actual) => planServices(desire(actual), actual, policy),
    )
  }

  /** Leaves the services as they are in `table`. Rejects with `OpError` when the daemons cannot be read. */
  convergeDaemons(
    desired: readonly Daemon[],
    { services }: ObservedTable,
    policy: Policy,
  ): Promise<Convergence> {
    return this.rounds(
      async () => ({ services, daemons: await this.readDaemons() }),
      (actual) => planDaemons(desired, actual.daemons, policy),
    )
  }

  /**
   * Reads, plans and applies until no answer shows the plan to be stale, at most a few times. What is
   * applied is not read again.
   */
  private async rounds(
    read: () => Promise<ObservedTable>,
    planFor: (actual: ObservedTable) => readonly Operation[],
  ): Promise<Convergence> {
    const results: OperationResult[] = []
    let planned: readonly Operation[] | undefined
    let before: ObservedTable | undefined
    for (let round = 1; ; round++) {
      const actual = await read()
      const operations = planFor(actual)
      planned ??= operations
      before ??= actual
      const applied = await this.apply(operations, actual)
      results.push(...applied.results)
      if (!applied.stale) return { ...applied, planned, before, results }
      if (round === CONVERGE_ROUNDS) {
        const cause = new Error('another program keeps changing the table, or the kernel does not answer')
        const unstable = new OpError('ipvs converge', 'table', 'unstable', { cause })
        return { ...applied, planned, before, results, failures: [...applied.failures, unstable] }
      }
    }
  }

  /** One code an operation; `timeout` or `ENOBUFS` for all when the answers did not come. */
  private async send(operations: readonly Operation[]): Promise<readonly string[]> {
    const last = operations.length - 1
    if (last < 0) return []
    const requests = operations.map((operation, i): NetlinkRequest => {
      return { type: this.family, flags: i === last ? NLM_F.ACK : 0, payload: encodeOperation(operation) }
    })
    const alone = operations.some((operation) => 'daemon' in operation)
    try {
      const replies = await this.netlink.exchange(requests, alone ? DAEMON_TIMEOUT : ANSWER_TIMEOUT)
      return replies.map(({ code }) => code)
    } catch (error) {
      const code = error instanceof OpError && isUnknown(error.code) ? error.code : 'timeout'
      return operations.map(() => code)
    }
  }

  private async dump(command: number, payload: Uint8Array): Promise<readonly Decoded[]> {
    const op = dumpNames[command] ?? 'dump'
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const reply = await this.ask(op, payload, NLM_F.DUMP)
      if (!reply.interrupted) return this.decode(op, reply)
    }
    throw new OpError(`ipvs ${op}`, 'table', 'interrupted')
  }

  private async ask(op: string, payload: Uint8Array, flags: number): Promise<NetlinkReply> {
    const [reply] = await this.netlink.exchange([{ type: this.family, flags, payload }], ANSWER_TIMEOUT)
    if (reply?.code !== 'OK') throw readError(op, reply?.code ?? 'timeout')
    return reply
  }

  private decode(op: string, reply: NetlinkReply): readonly Decoded[] {
    return reply.messages.map(({ payload }) => {
      const decoded = decodeMessage(payload)
      if (!decoded.ok) throw new OpError(`ipvs ${op}`, 'reply', decoded.error)
      return decoded.value
    })
  }
}

const dumpNames: Readonly<Record<number, string>> = {
  [IPVS_CMD.GET_SERVICE]: 'getService',
  [IPVS_CMD.GET_DEST]: 'getDest',
  [IPVS_CMD.GET_DAEMON]: 'getDaemon',
}

/** The answers were lost: what took effect is not known. */
const isUnknown = (code: string): boolean => code === 'timeout' || code === 'ENOBUFS'
