/** Keeps the kernel's table what the file and the servers' health ask for. */
import type { ServerHealth } from '../base/facts.js'
import type { KernelChange } from '../base/kernel-change.js'
import type { Clock, KernelModules, Log, Netlink, Nft, Sysctl, Timer } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { after, type Millis, millis } from '../base/units.js'
import type { IpvsConfig, VirtualServiceConfig } from '../config/model.js'
import { same } from '../config/share.js'
import { changeOf } from './change.js'
import { Circumstances, type CircumstancesSetting } from './circumstances.js'
import { type Convergence, IpvsClient, type OperationResult } from './client.js'
import { type DesiredSetting, desiredDaemons } from './desired.js'
import type { IpvsFact } from './facts.js'
import { presenceOfIpvs } from './kernel-settings.js'
import { serviceIds } from './kernel-terms.js'
import { daemonId, type ObservedTable, type Table } from './model.js'
import { ModuleLoader } from './modules/runtime.js'
import type { Operation } from './operation.js'
import { Owned, type Ownership } from './owned.js'
import { inOrder, planService, planServices } from './plan.js'
import { declared, preview } from './preview.js'
import { Problems } from './problems.js'
import { Reporter } from './reporter.js'
import { type IpvsStatus, OperationCounter, serviceStatus } from './status.js'
import { Surroundings } from './surroundings/runtime.js'
import type { Kept, SysctlMemory } from './sysctl-keeper.js'
import { keepTimeouts } from './timeouts/runtime.js'
import { type TrafficReading, trafficReading } from './traffic-reading.js'

export interface IpvsPorts {
  readonly clock: Clock
  readonly log: Log
  readonly netlink: Netlink
  /** Message type of the generic-netlink family `IPVS`; asked once the module is there. Rejects with `OpError`. */
  readonly resolveFamily: () => Promise<number>
  readonly sysctl: Sysctl
  readonly sysctlMemory: SysctlMemory
  readonly nft: Nft
  readonly modules: KernelModules
  readonly ownership: Ownership
  /** Told whenever the whole table was read. */
  readonly onTraffic: (reading: TrafficReading) => void
}

/** What a setting would change, were it configured now. */
export interface IpvsPlan {
  readonly changes: readonly KernelChange[]
}

export interface IpvsSetting extends DesiredSetting, CircumstancesSetting {
  readonly ipvs: IpvsConfig
}

export interface IpvsRuntime {
  /** Takes another setting; the table follows. */
  configure(setting: IpvsSetting): void
  /** Weights follow at once. `unknown` changes nothing. */
  healthChanged(changes: readonly ServerHealth[]): void
  /** Lets the operation in flight end; then leaves the table as `on_exit` says. */
  stop(): Promise<void>
  status(): IpvsStatus
  /** The whole table is being read and brought to what it should be. */
  readonly converging: boolean
  /** Reads the kernel and touches nothing. Rejects with `OpError` when the table cannot be read. */
  plan(setting: IpvsSetting): Promise<IpvsPlan>
}

/** More services than this at once are no small change: the whole table is read. */
const MOST_LOOKED_AT = 64
const FIRST_RETRY = millis(1000)

export function startIpvs(
  ports: IpvsPorts,
  setting: IpvsSetting,
  emit: (fact: IpvsFact) => void,
): IpvsRuntime {
  const runtime = new Runtime(ports, setting, emit)
  runtime.configure(setting)
  return runtime
}

/**
 * One loop does all the work, one pass at a time; whatever happens meanwhile is marked and found by the
 * next pass. A full pass reads the table; a health change is applied to the table as last known.
 */
class Runtime implements IpvsRuntime {
  private readonly circumstances = new Circumstances()
  private readonly counter = new OperationCounter()
  private readonly problems: Problems
  private readonly reporter: Reporter
  private readonly surroundings: Surroundings
  private byName = new Map<string, VirtualServiceConfig>()
  private readonly owned: Owned
  /** What an earlier run left; undefined once it is taken over. */
  private left: ReadonlySet<string> | undefined
  private readonly modules: ModuleLoader
  private client: IpvsClient | undefined
  /** Verdicts that came before the table was first looked at, by server; undefined since then. */
  private early: Map<string, ServerHealth> | undefined = new Map()
  private table: ObservedTable | undefined
  private timer: Timer | undefined
  private busy = false
  private work: Promise<void> | undefined
  private retry: Millis = FIRST_RETRY
  /** A full pass is due. */
  private full = false
  converging = false
  /** The setting changed since it was last applied: */
  private configured = false
  /** in these services, by id. */
  private readonly changed = new Set<string>()
  /** The next difference is our own doing, not drift. */
  private expected = true
  private readonly touched = new Set<string>()
  /** Ids of services whose connections are waited for. */
  private readonly looks = new Set<string>()
  private alarm: Timer | undefined
  private stopped = false

  constructor(
    private readonly ports: IpvsPorts,
    private setting: IpvsSetting,
    private readonly emit: (fact: IpvsFact) => void,
  ) {
    this.owned = new Owned(ports.ownership, ports.log)
    this.left = this.owned.ids
    this.modules = new ModuleLoader(ports.modules, ports.log)
    this.problems = new Problems(ports.log, emit)
    this.reporter = new Reporter(ports.clock, ports.log, emit)
    this.surroundings = new Surroundings(ports)
  }

  configure(setting: IpvsSetting): void {
    const alike = sameButServices(setting, this.setting)
    for (const id of changedServices(this.setting.services, setting.services)) this.changed.add(id)
    this.setting = setting
    this.byName = new Map(setting.services.map((service) => [service.name, service]))
    // Before anything is applied: what a killed process had begun is its successor's to remove.
    this.owned.add(declared(setting))
    for (const name of this.circumstances.configure(setting, this.ports.clock.now())) this.touched.add(name)
    this.modules.forget()
    this.configured = true
    this.full ||= !this.reporter.reconciled || !alike
    this.wake()
  }

  healthChanged(changes: readonly ServerHealth[]): void {
    // Whether a failure is news, the table tells: who has no weight there failed before this process began.
    if (this.early !== undefined) {
      for (const change of changes) this.early.set(`${change.service}\0${change.server}`, change)
      return
    }
    const now = this.ports.clock.now()
    for (const service of this.circumstances.healthChanged(changes, this.table, now))
      this.touched.add(service)
    this.wake()
  }

  async stop(): Promise<void> {
    if (this.stopped) return this.work
    this.stopped = true
    this.timer?.cancel()
    this.alarm?.cancel()
    this.work = this.leave(this.work)
    return this.work
  }

  private async leave(work: Promise<void> | undefined): Promise<void> {
    await work
    if (this.setting.ipvs.onExit === 'keep' || this.client === undefined) return
    await this.flush(this.client)
    await this.surroundings.restore()
  }

  async plan(setting: IpvsSetting): Promise<IpvsPlan> {
    const client = await this.present()
    const actual: ObservedTable = (await client?.readTable()) ?? { services: new Map(), daemons: [] }
    const { owned, left, circumstances } = this
    const now = this.ports.clock.now()
    return { changes: preview(setting, { circumstances, actual, ours: owned.ids, left, now }) }
  }

  status(): IpvsStatus {
    const now = this.ports.clock.now()
    return {
      reconciled: this.reporter.reconciled,
      services: this.setting.services.map((service) =>
        serviceStatus(service, this.circumstances, this.table, now),
      ),
      daemons: this.table?.daemons ?? [],
      operations: this.counter.read(),
      driftRepaired: this.reporter.drift,
      lastDrift: this.reporter.lastDrift,
      problems: this.problems.read(),
    }
  }

  private async flush(client: IpvsClient): Promise<void> {
    const nothing: Table = { services: new Map(), daemons: [] }
    try {
      const { results, failures, table } = await client.converge(() => nothing, {
        manage: 'declared',
        ours: this.owned.ids,
      })
      this.owned.retain(
        new Set([...table.services.keys(), ...table.daemons.map(({ role }) => daemonId(role))]),
      )
      this.counter.add(results)
      this.problems.add(failures)
      this.ports.log.info(`flushed: ${results.length} operations`)
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      this.problems.add([error])
    }
  }

  private wake(): void {
    if (this.busy || this.stopped) return
    this.busy = true
    // A bug's error is nobody's to catch: it ends the process, and the table stands meanwhile.
    this.work = this.passes()
  }

  private async passes(): Promise<void> {
    while (!this.stopped && (this.full || this.configured || this.looks.size + this.touched.size > 0)) {
      if (this.full || this.table === undefined) {
        this.converging = true
        await this.fullPass()
        this.converging = false
      } else if (this.configured) await this.configuredPass(this.table)
      else if (this.looks.size > 0) await this.lookPass(this.table)
      else await this.healthPass(this.table)
    }
    this.busy = false
    this.setAlarm()
  }

  private async fullPass(): Promise<void> {
    this.full = false
    try {
      const client = await this.prepared()
      const around = await this.prepareSurroundings()
      let expected = false
      const desire = (actual: ObservedTable) => {
        expected ||= this.expected || this.configured || this.touched.size > 0
        this.expected = false
        this.configured = false
        this.changed.clear()
        this.looks.clear()
        this.touched.clear()
        return this.desired(this.setting, actual)
      }
      const policy = { manage: this.setting.ipvs.manage, ours: this.owned.ids }
      const services = await client.convergeServices(desire, policy)
      this.counter.add(services.results)
      this.table = services.table
      if (await this.modules.loadFor(services.results)) {
        this.full = true
        this.expected = true
        return
      }
      const untimed = await keepTimeouts(client, this.setting.ipvs.timeouts, this.ports.log)
      const daemons = await client.convergeDaemons(desiredDaemons(this.setting), services.table, policy)
      this.counter.add(daemons.results)
      this.table = daemons.table
      // Beside a sync daemon the kernel refuses servers of the other family; now it may take them.
      if (services.failures.length > 0 && daemons.results.some(stopped)) {
        this.full = true
        this.expected = true
        return
      }
      this.settle([services, daemons], expected, [...around.failures, ...untimed])
      this.surroundings.clear()
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      this.expected = true
      this.configured = false
      this.touched.clear()
      this.problems.add([error])
      this.sleep(this.retry)
      this.retry = millis(
        Math.min(this.retry * 2, Math.max(this.setting.ipvs.reconcileInterval, FIRST_RETRY)),
      )
    }
  }

  /** By a table that was just read as a whole. */
  private desired(setting: IpvsSetting, actual: ObservedTable): Table {
    const now = this.ports.clock.now()
    if (this.left !== undefined) this.circumstances.adopt(actual, this.left, now)
    this.left = undefined
    if (this.early !== undefined) {
      this.circumstances.healthChanged([...this.early.values()], actual, now)
      this.early = undefined
      this.table ??= actual
    }
    this.tell(this.circumstances.observe(actual, now))
    this.ports.onTraffic(trafficReading(setting.services, actual, now))
    const desired = this.circumstances.desiredTable(setting, actual, now)
    this.reporter.judged(this.circumstances.news())
    return desired
  }

  private tell(lines: readonly string[]): void {
    for (const line of lines) this.ports.log.info(line)
  }

  private async prepareSurroundings(): Promise<Kept> {
    const { services, ipvs } = this.setting
    const syncing = desiredDaemons(this.setting).length > 0
    const kept = await this.surroundings.prepare(services, { syncing, user: ipvs.sysctls })
    if (kept.drift.length > 0) this.emit({ type: 'settingsRepaired', changes: kept.drift })
    return kept
  }

  /** After a pass: tells what became of it and sleeps until the next. */
  private settle(parts: readonly Convergence[], expected: boolean, unset: readonly OpError[]): void {
    const planned = parts.flatMap((part) => part.planned)
    const failures = parts.flatMap((part) => part.failures)
    const table = this.table ?? { services: new Map(), daemons: [] }
    // What was refused is still missing at the next pass: that is no drift.
    this.expected = failures.length > 0
    this.problems.replace([...unset, ...failures])
    if (!expected) {
      const drift = parts.flatMap((part) =>
        this.circumstances.foreign(part.planned).map((one) => changeOf(one, part.before)),
      )
      this.reporter.driftRepaired(drift)
    } else if (this.reporter.reconciled) this.reporter.changed(parts.flatMap((part) => part.results))
    if (parts.every(({ stale }) => !stale)) {
      const ids = [...this.byName.values()].flatMap(serviceIds)
      this.reporter.stands(ids, table, planned.length, failures.length)
      this.reporter.daemons(desiredDaemons(this.setting), table.daemons, planned)
    }
    this.disown(table)
    this.retry = FIRST_RETRY
    this.sleep(this.setting.ipvs.reconcileInterval)
  }

  /**
   * A new setting against the table as it was last known: a reload costs what it changes, not what there
   * is. The services that it changes are looked at again, for what was removed by somebody else must not
   * be missing when their last server goes. Whatever does not fit is left to a full pass.
   */
  private async configuredPass(known: ObservedTable): Promise<void> {
    const { client } = this
    const concerned = new Set([...this.changed, ...this.looks])
    for (const name of this.touched) {
      const service = this.byName.get(name)
      for (const id of service === undefined ? [] : serviceIds(service)) concerned.add(id)
    }
    this.configured = false
    this.changed.clear()
    this.looks.clear()
    this.touched.clear()
    if (client === undefined || concerned.size > MOST_LOOKED_AT) {
      this.full = true
      this.expected = true
      return
    }
    await this.concernedPass(client, known, concerned, async () => {
      // The kernel's settings and rules before the services that need them.
      return (await this.prepareSurroundings()).failures.length === 0
    })
  }

  /** What takes its time is read, and goes on. */
  private async lookPass(known: ObservedTable): Promise<void> {
    const concerned = new Set(this.looks)
    this.looks.clear()
    if (this.client !== undefined) await this.concernedPass(this.client, known, concerned)
  }

  /** Reads these services and makes them what they should be. `prepare` answers whether it could. */
  private async concernedPass(
    client: IpvsClient,
    known: ObservedTable,
    concerned: ReadonlySet<string>,
    prepare: () => Promise<boolean> = async () => true,
  ): Promise<void> {
    const { setting } = this
    try {
      const prepared = await prepare()
      const services = setting.services.filter((service) =>
        serviceIds(service).some((id) => concerned.has(id)),
      )
      // All ports of each: they are judged together.
      const ids = new Set([...concerned, ...services.flatMap(serviceIds)])
      const all = await client.refreshed(known, ids)
      const actual = { ...all, services: only(all.services, ids) }
      this.tell(this.circumstances.observe(actual, this.ports.clock.now(), ids))
      const now = this.ports.clock.now()
      const wanted = this.circumstances.desiredTable({ ...setting, services }, actual, now)
      const desired = { ...wanted, services: only(wanted.services, ids) }
      this.reporter.judged(this.circumstances.news())
      const operations = planServices(desired, actual, { manage: 'declared', ours: this.owned.ids })
      const applied = await client.apply(operations, all)
      this.table = applied.table
      this.counter.add(applied.results)
      this.reporter.changed(applied.results)
      this.full ||= applied.stale || applied.failures.length > 0 || !prepared
      this.expected ||= this.full
      if (!this.full) this.disown(applied.table)
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      this.full = true
      this.expected = true
    }
  }

  /** The fast path: no reading, destinations only. What does not fit is left to a full pass. */
  private async healthPass(table: ObservedTable): Promise<void> {
    const operations: Operation[] = []
    const now = this.ports.clock.now()
    for (const name of this.touched) {
      const service = this.byName.get(name)
      if (service === undefined) continue
      for (const [id, desired] of this.circumstances.desiredEntries(service, table, now)) {
        const actual = table.services.get(id)
        if (actual === undefined) continue
        operations.push(...planService(desired, actual).filter((one) => 'destination' in one))
      }
    }
    this.touched.clear()
    this.reporter.judged(this.circumstances.news())
    if (operations.length === 0 || this.client === undefined) return
    const applied = await this.client.apply(inOrder(operations), table)
    this.table = applied.table
    this.counter.add(applied.results)
    this.reporter.changed(applied.results)
    this.problems.add(applied.failures)
    if (!applied.stale && applied.failures.length === 0) return
    this.expected = true
    this.full ||= applied.stale
  }

  private async prepared(): Promise<IpvsClient> {
    if (this.client !== undefined) return this.client
    const { sysctl, modules, log } = this.ports
    if (sysctl.read(presenceOfIpvs) === undefined) {
      await modules.load('ip_vs')
      log.info('loaded the kernel module ip_vs')
    }
    this.client = await this.connected()
    return this.client
  }

  /** Loads no module: without it there is no table. */
  private async present(): Promise<IpvsClient | undefined> {
    if (this.client !== undefined) return this.client
    return this.ports.sysctl.read(presenceOfIpvs) === undefined ? undefined : this.connected()
  }

  private async connected(): Promise<IpvsClient> {
    return new IpvsClient(this.ports.netlink, await this.ports.resolveFamily())
  }

  private sleep(span: Millis): void {
    this.timer?.cancel()
    if (this.stopped) return
    const { clock } = this.ports
    this.timer = clock.at(after(clock.now(), span), () => {
      this.full = true
      this.wake()
    })
  }

  /** For what moves by itself. */
  private setAlarm(): void {
    this.alarm?.cancel()
    const due = this.circumstances.nextDue()
    if (this.stopped || due === undefined) return
    this.alarm = this.ports.clock.at(due, () => {
      const { services, looks } = this.circumstances.due(this.ports.clock.now(), MOST_LOOKED_AT)
      for (const name of services) this.touched.add(name)
      for (const id of looks) this.looks.add(id)
      this.wake()
    })
  }

  /** What was declared once and is gone from the kernel may come back as somebody else's. */
  private disown(table: ObservedTable): void {
    const keep = new Set([...declared(this.setting), ...table.services.keys()])
    for (const { role } of table.daemons) keep.add(daemonId(role))
    this.owned.retain(keep)
  }
}

const stopped = ({ operation, code }: OperationResult): boolean =>
  operation.kind === 'delDaemon' && code === 'OK'

/** Settings that change together with a service's own are looked at in a full pass. */
const sameButServices = (a: IpvsSetting, b: IpvsSetting): boolean =>
  same({ ...a, services: [], overrides: [] }, { ...b, services: [], overrides: [] })

/** Ids of those that came, went, or are another object now. */
function changedServices(
  before: readonly VirtualServiceConfig[],
  after: readonly VirtualServiceConfig[],
): readonly string[] {
  const [old, now] = [new Set(before), new Set(after)]
  const differing = [...before.filter((one) => !now.has(one)), ...after.filter((one) => !old.has(one))]
  return differing.flatMap(serviceIds)
}

const only = <T>(all: ReadonlyMap<string, T>, ids: ReadonlySet<string>): ReadonlyMap<string, T> =>
  new Map(
    [...ids].flatMap((id) => {
      const one = all.get(id)
      return one === undefined ? [] : [[id, one] as const]
    }),
  )
