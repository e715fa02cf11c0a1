/** Keeps the kernel's table what the file and the servers' health ask for. */
import type { ServerHealth } from '../base/facts.js'
import type { Clock, KernelModules, Log, Netlink, Nft, Sysctl, Timer } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { after, type Millis, millis } from '../base/units.js'
import type { IpvsConfig, VirtualServiceConfig } from '../config/model.js'
import { type Convergence, IpvsClient, type OperationResult } from './client.js'
import { type DesiredSetting, desiredDaemons, desiredEntry, desiredTable, keyOf } from './desired.js'
import type { IpvsFact } from './facts.js'
import { presenceOfIpvs } from './kernel-settings.js'
import { daemonId, type ObservedTable, serviceId, type Table } from './model.js'
import type { Operation } from './operation.js'
import { inOrder, planService } from './plan.js'
import { Problems, sentence } from './problems.js'
import { Reporter } from './reporter.js'
import { type IpvsStatus, OperationCounter, serviceStatus } from './status.js'
import { Surroundings } from './surroundings/runtime.js'
import type { Kept, SysctlMemory } from './sysctl-keeper.js'
import { Verdicts } from './verdicts.js'

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
}

export interface IpvsSetting extends DesiredSetting {
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
}

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
  private readonly verdicts = new Verdicts()
  private readonly counter = new OperationCounter()
  private readonly triedSchedulers = new Set<string>()
  private readonly problems: Problems
  private readonly reporter: Reporter
  private readonly surroundings: Surroundings
  private byName = new Map<string, VirtualServiceConfig>()
  private ours: ReadonlySet<string> = new Set()
  private client: IpvsClient | undefined
  private table: ObservedTable | undefined
  private timer: Timer | undefined
  private busy = false
  private work: Promise<void> | undefined
  private retry: Millis = FIRST_RETRY
  /** A full pass is due. */
  private full = false
  /** The next difference is our own doing, not drift. */
  private expected = true
  private touched = new Set<string>()
  private stopped = false

  constructor(
    private readonly ports: IpvsPorts,
    private setting: IpvsSetting,
    private readonly emit: (fact: IpvsFact) => void,
  ) {
    this.problems = new Problems(ports.log, emit)
    this.reporter = new Reporter(ports.log, emit)
    this.surroundings = new Surroundings(ports)
  }

  configure(setting: IpvsSetting): void {
    this.setting = setting
    this.byName = new Map(setting.services.map((service) => [service.name, service]))
    this.ours = new Set([...this.ours, ...this.declared()])
    this.verdicts.keepOnly(setting.services)
    this.triedSchedulers.clear()
    this.full = true
    this.expected = true
    this.wake()
  }

  healthChanged(changes: readonly ServerHealth[]): void {
    for (const service of this.verdicts.note(changes)) this.touched.add(service)
    this.wake()
  }

  async stop(): Promise<void> {
    if (this.stopped) return this.work
    this.stopped = true
    this.timer?.cancel()
    this.work = this.leave(this.work)
    return this.work
  }

  private async leave(work: Promise<void> | undefined): Promise<void> {
    await work
    if (this.setting.ipvs.onExit === 'keep' || this.client === undefined) return
    await this.flush(this.client)
    await this.surroundings.restore()
  }

  status(): IpvsStatus {
    const healthOf = this.verdicts.of.bind(this.verdicts)
    return {
      reconciled: this.reporter.reconciled,
      services: this.setting.services.map((service) => serviceStatus(service, healthOf, this.table)),
      daemons: this.table?.daemons ?? [],
      operations: this.counter.read(),
      driftRepaired: this.reporter.drift,
      problems: this.problems.read(),
    }
  }

  private async flush(client: IpvsClient): Promise<void> {
    const nothing: Table = { services: new Map(), daemons: [] }
    try {
      const { results, failures } = await client.converge(() => nothing, {
        manage: 'declared',
        ours: this.ours,
      })
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
    while (!this.stopped && (this.full || this.touched.size > 0)) {
      if (this.full || this.table === undefined) await this.fullPass()
      else await this.healthPass(this.table)
    }
    this.busy = false
  }

  private async fullPass(): Promise<void> {
    this.full = false
    try {
      const client = await this.prepared()
      const around = await this.prepareSurroundings()
      let expected = false
      const desire = (actual: ObservedTable) => {
        expected ||= this.expected || this.touched.size > 0
        this.expected = false
        this.touched.clear()
        return desiredTable(this.setting, this.verdicts.of.bind(this.verdicts), actual)
      }
      const policy = { manage: this.setting.ipvs.manage, ours: this.ours }
      const services = await client.convergeServices(desire, policy)
      this.counter.add(services.results)
      this.table = services.table
      if (await this.loadedSchedulers(services.results)) {
        this.full = true
        this.expected = true
        return
      }
      const daemons = await client.convergeDaemons(desiredDaemons(this.setting), services.table, policy)
      this.counter.add(daemons.results)
      this.table = daemons.table
      this.settle([services, daemons], expected, around.failures)
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      this.expected = true
      this.touched.clear()
      this.problems.add([error])
      this.sleep(this.retry)
      this.retry = millis(
        Math.min(this.retry * 2, Math.max(this.setting.ipvs.reconcileInterval, FIRST_RETRY)),
      )
    }
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
    if (!expected) this.reporter.driftRepaired(planned)
    else if (this.reporter.reconciled) this.reporter.changed(parts.flatMap((part) => part.results))
    if (parts.every(({ stale }) => !stale)) {
      const ids = [...this.byName.values()].map((service) => serviceId(keyOf(service)))
      this.reporter.stands(ids, table, planned.length, failures.length)
      this.reporter.daemons(desiredDaemons(this.setting), table.daemons, planned)
    }
    this.disown(table)
    this.retry = FIRST_RETRY
    this.sleep(this.setting.ipvs.reconcileInterval)
  }

  /** The fast path: no reading, destinations only. What does not fit is left to a full pass. */
  private async healthPass(table: ObservedTable): Promise<void> {
    const operations: Operation[] = []
    for (const name of this.touched) {
      const service = this.byName.get(name)
      const actual = service && table.services.get(serviceId(keyOf(service)))
      if (service === undefined || actual === undefined) continue
      const desired = desiredEntry(service, this.verdicts.of.bind(this.verdicts), actual)
      operations.push(...planService(desired, actual).filter((one) => 'destination' in one))
    }
    this.touched.clear()
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
    const { sysctl, modules, log, netlink } = this.ports
    if (sysctl.read(presenceOfIpvs) === undefined) {
      await modules.load('ip_vs')
      log.info('loaded the kernel module ip_vs')
    }
    this.client = new IpvsClient(netlink, await this.ports.resolveFamily())
    return this.client
  }

  /** Tries once to load each scheduler that the kernel did not know; true when one is worth another pass. */
  private async loadedSchedulers(results: readonly OperationResult[]): Promise<boolean> {
    let loaded = false
    for (const { operation, code } of results) {
      if (code !== 'ENOENT' || !('service' in operation)) continue
      const { scheduler } = operation.service
      if (this.triedSchedulers.has(scheduler)) continue
      this.triedSchedulers.add(scheduler)
      try {
        await this.ports.modules.load(`ip_vs_${scheduler}`)
        this.ports.log.info(`loaded the kernel module ip_vs_${scheduler}`)
        loaded = true
      } catch (error) {
        if (!(error instanceof OpError)) throw error
        this.ports.log.warn(sentence(error))
      }
    }
    return loaded
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

  /** What was declared once and is gone from the kernel may come back as somebody else's. */
  private disown(table: ObservedTable): void {
    const keep = new Set([...this.declared(), ...table.services.keys()])
    for (const { role } of table.daemons) keep.add(daemonId(role))
    this.ours = new Set([...this.ours].filter((id) => keep.has(id)))
  }

  private declared(): readonly string[] {
    const daemons = desiredDaemons(this.setting).map(({ role }) => daemonId(role))
    return [...this.setting.services.map((service) => serviceId(keyOf(service))), ...daemons]
  }
}
