/** One simulated machine of the pair: its clocks, interfaces and kernel, and the vrrp process that it runs. */
import type { SyncReadiness } from '../../../src/base/facts.js'
import type { AddressState, InterfaceState } from '../../../src/base/ports.js'
import type { Millis } from '../../../src/base/units.js'
import { VrrpMemory } from '../../../src/daemon/vrrp-memory.js'
import type { RouterState, VrrpFact } from '../../../src/vrrp/status.js'
import { HostClock } from '../host-clock.js'
import type { SeededRandom } from '../random.js'
import type { VirtualClock } from '../virtual-clock.js'
import { AddressTable } from './address-table.js'
import type { PairFile } from './pair-file.js'
import { SimProcess } from './sim-process.js'
import type { PairWorld } from './world.js'

export type InterfaceName = 'eth0' | 'eth1' | 'eth2'

const indexOf: Readonly<Record<InterfaceName, number>> = { eth0: 2, eth1: 3, eth2: 4 }

export class SimHost {
  readonly host: HostClock
  readonly kernel: AddressTable
  process: SimProcess | undefined
  /** As its process last said. */
  readonly roles = new Map<string, RouterState>()
  /** When each router entered that role. */
  readonly since = new Map<string, number>()
  sync: SyncReadiness = { ready: true, reason: 'simulated' }
  maintenance: string | undefined
  /** When its file, its sync, its uplink or the operator's wish last changed. */
  changedAt = 0
  /** The file that its process has been told; one that stands still hears of another later. */
  told: PairFile
  private leaving = false
  private readonly down = new Set<InterfaceName>()
  private memory: VrrpMemory

  constructor(
    readonly id: number,
    public file: PairFile,
    readonly clock: VirtualClock,
    readonly random: SeededRandom,
    private readonly world: PairWorld,
  ) {
    this.told = file
    this.host = new HostClock(clock, random)
    this.kernel = new AddressTable(this.host)
    this.memory = new VrrpMemory(this.memoryClock())
  }

  get name(): string {
    return `lb${this.id + 1}`
  }

  get peer(): SimHost {
    return this.world.hosts[this.id === 0 ? 1 : 0]
  }

  get running(): boolean {
    return this.process?.state === 'running'
  }

  isActive(router: string): boolean {
    return this.process !== undefined && this.roles.get(router) === 'active'
  }

  get ownsSomething(): boolean {
    for (const addresses of this.file.addressesOf.values())
      for (const address of addresses) if (this.kernel.holds(address)) return true
    return false
  }

  up(name: InterfaceName): boolean {
    return !this.down.has(name)
  }

  get interfaces(): readonly InterfaceState[] {
    return (['eth0', 'eth1', 'eth2'] as const).map((name) => ({
      name,
      index: indexOf[name],
      up: this.up(name),
      mac: Uint8Array.of(2, 0, 0, 0, this.id, indexOf[name]),
      mtu: 1500,
    }))
  }

  get ownAddresses(): readonly AddressState[] {
    return [indexOf.eth0, indexOf.eth1].map((interfaceIndex, subnet) => ({
      interfaceIndex,
      prefix: { address: { family: 4, bytes: Uint8Array.of(10, subnet, 0, 11 + this.id) }, length: 24 },
    }))
  }

  /* Its process. */

  start(): void {
    if (this.process) return
    const resumed = this.memory.resume(this.maintenance)
    this.roles.clear()
    this.told = this.file
    this.leaving = false
    const now = this.clock.now()
    for (const { name } of this.file.routers) this.since.set(name, now)
    this.process = new SimProcess(
      this,
      {
        sendRaw: (interfaceName, packet) => this.world.sendRaw(this, interfaceName, packet),
        sendPair: (payload) => this.world.sendPair(this, payload),
        announced: (address) => this.world.announced(this, address),
        fact: (fact) => this.onFact(fact),
        stepped: () => this.world.stepped(this),
        unsettled: () => this.world.unsettled(),
      },
      { ...this.file.settingOf(this.id), resumed },
    )
    this.process.enter(() => this.process?.director.election.syncReadiness(this.sync))
  }

  /** SIGKILL, or a bug: nothing is sent, nothing is released. The daemon's parent learns of it. */
  kill(): void {
    const { process } = this
    if (!process) return
    this.remember()
    process.die()
    this.process = undefined
    this.roles.clear()
    this.memory.died()
    this.world.abandoned(this)
  }

  /** SIGTERM. */
  terminate(): void {
    this.operate((process) => {
      this.leaving = true
      this.world.promised(
        this,
        process.director.stop().then(() => {
          if (this.process !== process) return
          process.die()
          this.process = undefined
          this.roles.clear()
          // The parent leaves as well, and remembers nothing.
          this.memory = new VrrpMemory(this.memoryClock())
        }),
      )
    })
  }

  operate(run: (process: SimProcess) => void): void {
    const { process } = this
    process?.enter(() => run(process))
  }

  setSync(ready: boolean): void {
    this.sync = { ready, reason: 'simulated' }
    this.changedAt = this.clock.now()
    this.operate(({ director }) => director.election.syncReadiness(this.sync))
  }

  setMaintenance(reason: string | undefined): void {
    this.maintenance = reason
    this.changedAt = this.clock.now()
    this.operate(({ director }) => this.world.promised(this, director.election.maintenance(reason)))
  }

  setInterface(name: InterfaceName, up: boolean): void {
    if (this.up(name) === up) return
    if (up) this.down.delete(name)
    else this.down.add(name)
    this.changedAt = this.clock.now()
    this.process?.linksChanged()
  }

  reload(file: PairFile): void {
    this.file = file
    this.changedAt = this.clock.now()
    this.operate(({ director }) => {
      // One that is leaving takes no other settings any more.
      if (!this.leaving) this.told = file
      director.configure(file.settingOf(this.id))
    })
  }

  claim(interfaceIndex: number, address: string, lease: Millis | undefined): void {
    this.kernel.claim(address, interfaceIndex, lease)
    this.world.claimed(this, address, lease)
  }

  /** As the process tells its parent from time to time. */
  remember(): void {
    const { process } = this
    if (process?.state !== 'running') return
    const status = process.director.status()
    this.memory.learn({ type: 'status', status, eventLoopLagMs: 0 })
  }

  private onFact(fact: VrrpFact): void {
    if (fact.type !== 'roleChanged') return
    this.memory.learn(fact)
    this.roles.set(fact.router, fact.to)
    const before = this.since.get(fact.router) ?? 0
    this.since.set(fact.router, this.clock.now())
    this.world.roleChanged(this, fact, before)
  }

  private memoryClock() {
    return {
      now: () => this.host.now(),
      wall: () => this.host.wall(),
      at: this.clock.at.bind(this.clock),
      afterPendingInput: this.clock.afterPendingInput.bind(this.clock),
    }
  }
}
