/** A machine for the runtime: the kernel in memory, its settings and modules, and a clock that is moved by hand. */
import type { ServerHealth } from '../../src/base/facts.js'
import type { Clock, KernelModules, Log, Nft, Sysctl, Timer } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import { after, type Millis, millis } from '../../src/base/units.js'
import type { VirtualServiceConfig } from '../../src/config/model.js'
import type { IpvsFact } from '../../src/ipvs/facts.js'
import type { Ownership } from '../../src/ipvs/owned.js'
import { type IpvsRuntime, type IpvsSetting, startIpvs } from '../../src/ipvs/runtime.js'
import type { Remembered, SysctlMemory } from '../../src/ipvs/sysctl-keeper.js'
import type { TrafficReading } from '../../src/ipvs/traffic-reading.js'
import { FakeKernel, fakeFamily } from './fake-kernel.js'

export class FakeClock implements Clock {
  private moment = millis(1_000_000)
  private readonly timers = new Map<object, { deadline: Millis; run: () => void }>()

  now(): Millis {
    return this.moment
  }

  wall(): number {
    return this.moment
  }

  at(deadline: Millis, run: () => void): Timer {
    const timer = { cancel: () => this.timers.delete(timer) }
    this.timers.set(timer, { deadline, run })
    return timer
  }

  afterPendingInput(run: () => void): void {
    run()
  }

  /** Moves on, runs what is due, and lets everything that it set off end. */
  async advance(span: number): Promise<void> {
    this.moment = after(this.moment, millis(span))
    for (const [timer, { deadline, run }] of [...this.timers]) {
      if (deadline > this.moment || !this.timers.delete(timer)) continue
      run()
    }
    await settled()
  }
}

/** The fake kernel answers in microtasks: all are done when the next macrotask comes. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class FakeMachine {
  readonly kernel = new FakeKernel()
  readonly clock = new FakeClock()
  readonly facts: IpvsFact[] = []
  readonly lines: string[] = []
  readonly sysctls = new Map([
    ['net.core.rmem_max', '212992'],
    ['net.ipv4.vs.expire_nodest_conn', '0'],
    ['net.ipv4.vs.conntrack', '0'],
    ['net.ipv4.vs.sync_threshold', '3 50'],
    ['net.ipv4.vs.sync_refresh_period', '0'],
    ['net.ipv4.vs.sync_retries', '0'],
    ['net.ipv4.vs.sync_sock_size', '0'],
  ])
  /** Those that modprobe finds. */
  readonly available = new Set(['ip_vs'])
  readonly loaded: string[] = []

  interfaces: readonly string[] = []
  /** What the runtime remembers across runs. */
  remembered: Readonly<Record<string, Remembered>> = {}
  /** nf_tables by family, as listed; `nftFailure` is what each change is refused with. */
  readonly tables = new Map<string, string>()
  readonly scripts: string[] = []
  nftFailure: OpError | undefined

  readonly sysctlMemory: SysctlMemory = {
    read: () => this.remembered,
    write: (changed) => {
      this.remembered = changed
    },
  }

  readonly nft: Nft = {
    apply: async (script) => {
      if (this.nftFailure) throw this.nftFailure
      this.scripts.push(script)
      const family = script.split(' ')[1] ?? ''
      const made = script.split('\n').slice(2).join('\n')
      if (made === '') this.tables.delete(family)
      else this.tables.set(family, made)
    },
    list: async (family) => {
      if (this.nftFailure) throw this.nftFailure
      return this.tables.get(family)
    },
  }

  readonly sysctl: Sysctl = {
    read: (name) => this.sysctls.get(name),
    write: (name, value) => {
      if (name === 'net.core.rmem_max') throw new OpError('sysctl write', name, 'EACCES')
      this.sysctls.set(name, value)
    },
    list: (folder) => this.interfaces.filter(() => folder.startsWith('net.ipv4')),
  }

  readonly modules: KernelModules = {
    load: async (name) => {
      if (!this.available.has(name)) throw new OpError('modprobe', name, 'failed')
      this.loaded.push(name)
      if (name.startsWith('ip_vs_pe_')) this.kernel.engines.add(name.slice('ip_vs_pe_'.length))
      else if (name.startsWith('ip_vs_')) this.kernel.schedulers.add(name.slice('ip_vs_'.length))
    },
  }

  readonly readings: TrafficReading[] = []
  /** Outlives the runtime, as the file does. */
  owned: readonly string[] = []
  readonly ownership: Ownership = {
    read: () => this.owned,
    write: (ids) => {
      this.owned = ids
    },
  }

  async start(setting: IpvsSetting): Promise<IpvsRuntime> {
    const note = (message: string) => this.lines.push(message)
    const log: Log = { error: note, warn: note, info: note, debug: note }
    const { kernel: netlink, clock, sysctl, sysctlMemory, nft, modules, ownership } = this
    const ports = {
      netlink,
      clock,
      sysctl,
      sysctlMemory,
      nft,
      modules,
      ownership,
      onTraffic: (reading: TrafficReading) => this.readings.push(reading),
      log,
      resolveFamily: async () => fakeFamily,
    }
    const runtime = startIpvs(ports, setting, (fact) => this.facts.push(fact))
    await settled()
    return runtime
  }

  /** Weights in the kernel by destination, of one service. */
  weights(id: string): Readonly<Record<string, number>> {
    const destinations = this.kernel.services.get(id)?.destinations ?? new Map()
    return Object.fromEntries([...destinations].map(([name, { weight }]) => [name, weight]))
  }
}

export const asTheKernelHasThem = { tcp: undefined, tcpFin: undefined, udp: undefined }

export function settingOf(
  services: readonly VirtualServiceConfig[],
  change: Partial<IpvsSetting> = {},
): IpvsSetting {
  const ipvs = {
    onExit: 'keep',
    manage: 'declared',
    reconcileInterval: millis(10_000),
    sysctls: {},
    timeouts: asTheKernelHasThem,
  } as const
  return {
    services,
    overrides: [],
    sync: { transport: 'unicast' },
    directorId: 1,
    peerId: 2,
    ipvs,
    ...change,
  }
}

export const verdict = (service: string, server: string, health: ServerHealth['health']): ServerHealth => ({
  service,
  server,
  health,
  reason: 'as the test says',
  since: 0,
})
