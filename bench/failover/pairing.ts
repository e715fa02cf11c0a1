/** One program on both directors at one interval. */
import { type DirectorName, directorNames } from '../../lab/addresses.js'
import type { LabProcess } from '../../lab/lab-process.js'
import { until } from '../../lab/wait.js'
import { Arena } from './arena.js'
import { monotonic } from './monotonic.js'
import type { Program } from './programs.js'

/** Below this a moment between two advertisements cannot be hit from outside. */
const shortestPhased = 50

export class Pairing {
  private readonly processes = new Map<DirectorName, LabProcess>()
  private capture: LabProcess | undefined
  private onAdvertisement: () => void = () => {}

  private constructor(
    readonly arena: Arena,
    readonly program: Program,
    readonly interval: number,
  ) {}

  static async start(arena: Arena, program: Program, interval: number): Promise<Pairing> {
    const pairing = new Pairing(arena, program, interval)
    try {
      for (const name of directorNames) pairing.startOne(name)
      await pairing.settle()
      return pairing
    } catch (error) {
      await pairing.stop()
      throw error
    }
  }

  startOne(name: DirectorName): void {
    this.processes.set(name, this.program.start(this.arena.lab, name, this.interval))
  }

  process(name: DirectorName): LabProcess {
    const process = this.processes.get(name)
    if (!process) throw new Error(`${name} was never started`)
    return process
  }

  /** The process of a director that takes part in the election. */
  electing(name: DirectorName): Promise<number> {
    return this.program.electing(this.arena.lab, name)
  }

  /** lb1 alone holds the address and answers, lb2 follows it, and everybody has had time to come to rest. */
  async settle(): Promise<void> {
    const { arena, program, interval } = this
    const patience = 15_000 + 12 * interval
    let since: number | undefined
    await until(
      `${program.name}: lb1 is Active and answers`,
      patience,
      async () => {
        const good = arena.holder() === 'lb1' && this.answeredBy('lb1') && (await program.settled(arena.lab))
        since = good ? (since ?? monotonic()) : undefined
        return since !== undefined && monotonic() - since > Math.max(400, 3 * interval) ? true : undefined
      },
      () => arena.holder(),
    )
    await program.prepare([...this.processes.values()].filter(({ running }) => running))
    arena.forget()
  }

  /** Comes back at this fraction of the interval after an advertisement of lb1. */
  async atPhase(fraction: number): Promise<void> {
    if (this.interval < shortestPhased) return
    this.watchAdvertisements()
    const limit = Arena.pause(5 * this.interval + 2_000).then(() => {
      throw new Error(`${this.program.name}: no advertisement of lb1 seen`)
    })
    // Two, so that the capture is surely running; and the limit must not be left unhandled once it is met.
    for (let i = 0; i < 2; i++) await Promise.race([limit, this.nextAdvertisement()])
    limit.catch(() => {})
    await Arena.pause(fraction * this.interval)
  }

  async stop(): Promise<void> {
    await this.capture?.kill()
    for (const process of this.processes.values()) process.thaw()
    await Promise.all([...this.processes.values()].map((process) => process.stop(3_000)))
    for (const name of directorNames) await this.arena.removeAddress(name)
  }

  private watchAdvertisements(): void {
    const words = ['tcpdump', '-i', 'to-lb1', '-Q', 'in', '-l', '--immediate-mode', '-n', '-Z', 'root']
    this.capture ??= this.arena.topology.spawn(
      'switch',
      'tcpdump',
      [...words, ...this.program.advertisements.split(' ')],
      { onLine: () => this.onAdvertisement() },
    )
  }

  private nextAdvertisement(): Promise<void> {
    return new Promise((resolve) => {
      this.onAdvertisement = resolve
    })
  }

  /** Every UDP request that was settled in the last 250 ms. */
  private answeredBy(name: DirectorName): boolean {
    const since = monotonic() - 250
    const recent = this.arena.requests.filter(({ kind, sentAt }) => kind === 'udp' && sentAt > since)
    return recent.length > 10 && recent.every(({ by }) => by === name)
  }
}
