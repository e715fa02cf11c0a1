/** The network in which one program after the other is measured, with the client and the responders in it. */
import { readdirSync, rmSync } from 'node:fs'
import { type DirectorName, directorNames, virtualAddress } from '../../lab/addresses.js'
import { Lab } from '../../lab/lab.js'
import type { LabProcess } from '../../lab/lab-process.js'
import { built } from '../../lab/paths.js'
import { Topology } from '../../lab/topology.js'
import { until } from '../../lab/wait.js'
import type { Span } from './analysis.js'
import type { ClientLine, HoldLine, Request } from './lines.js'
import { monotonic } from './monotonic.js'

/** How the directors are cut off from what. */
export type Cut =
  /** No carrier any more. */
  | 'cable'
  /** Unpatched in the switch: nothing goes through, the carrier stays. */
  | 'silent'
  /** The directors do not hear each other; the client reaches both. */
  | 'between'

/** Of the client: ms from one request to the next. */
export interface Pace {
  readonly udp: number
  readonly tcp: number
}

export class Arena {
  readonly lab: Lab
  /** Of the case that is being measured. */
  requests: Request[] = []
  readonly holds: Record<DirectorName, HoldLine[]> = { lb1: [], lb2: [] }
  /** The client's own stalls: when it said so, and how long. */
  stalls: { readonly at: number; readonly stall: number }[] = []
  private readonly switchCommands: LabProcess
  private saidAt = 0

  private constructor(
    readonly topology: Topology,
    pace: Pace,
  ) {
    this.lab = new Lab(
      topology,
      'direct',
      () => {},
      () => {},
    )
    for (const name of directorNames) {
      topology.spawn(name, 'responder', [process.execPath, built('bench/failover/responder'), name], {
        onLine: (line) => this.holds[name].push(JSON.parse(line)),
      })
    }
    topology.spawn(
      'client',
      'client',
      [process.execPath, built('bench/failover/client'), String(pace.udp), String(pace.tcp)],
      {
        onLine: (line) => this.heard(JSON.parse(line)),
      },
    )
    // Already started, so that a cable is cut in less than a millisecond.
    this.switchCommands = topology.spawn('switch', 'ip', ['ip', '-force', '-batch', '-'])
  }

  /** Needs root. Time-limited. */
  static async open(artefacts: string, pace: Pace): Promise<Arena> {
    const topology = await Topology.create(artefacts, 'direct')
    for (const name of directorNames)
      await topology.run(name, ['sysctl', '-q', '-w', 'net.ipv4.ip_nonlocal_bind=1', 'net.ipv4.ip_forward=0'])
    const arena = new Arena(topology, pace)
    await until('responders and client run', 15_000, () =>
      arena.saidAt > 0 && directorNames.every((name) => arena.holds[name].length > 0) ? true : undefined,
    )
    return arena
  }

  async close(): Promise<void> {
    await this.topology.close()
    for (const name of readdirSync('/run'))
      if (name.startsWith(this.topology.prefix)) rmSync(`/run/${name}`, { recursive: true, force: true })
  }

  /** What was said before is forgotten. */
  forget(): void {
    this.requests = []
    this.stalls = []
    for (const name of directorNames) this.holds[name].splice(0, this.holds[name].length - 1)
  }

  /** Waits until all that was sent before `moment` is settled and told. */
  async told(moment: number): Promise<void> {
    await until('the client tells', 10_000, () => (this.saidAt > moment + 260 ? true : undefined))
  }

  /** The longest stall of the client in the window. */
  stallIn({ from, to }: Span): number {
    return Math.max(
      0,
      ...this.stalls.filter(({ at }) => at >= from && at <= to + 100).map(({ stall }) => stall),
    )
  }

  cut(kind: Cut, director: DirectorName = 'lb1'): void {
    this.setCut(kind, director, true)
  }

  heal(kind: Cut, director: DirectorName = 'lb1'): void {
    this.setCut(kind, director, false)
  }

  /** Every cable whole, whatever was done to it. */
  restore(): void {
    for (const name of directorNames)
      for (const kind of ['cable', 'silent', 'between'] as const) this.heal(kind, name)
  }

  /**
   * As after a silence of minutes, in which the kernels have forgotten who has which hardware address, and
   * ask for it only once a second.
   */
  async forgetNeighbours(): Promise<void> {
    await Promise.all(
      directorNames.map((name) => this.topology.run(name, ['ip', 'neighbour', 'flush', 'dev', 'eth0'])),
    )
  }

  /** What a dead director's kernel still holds. */
  async removeAddress(director: DirectorName): Promise<void> {
    await this.topology
      .run(director, ['ip', 'address', 'del', `${virtualAddress}/24`, 'dev', 'eth0'])
      .catch(() => {})
  }

  holder(): DirectorName | 'both' | 'nobody' {
    const [first, ...others] = directorNames.filter((name) => this.holds[name].at(-1)?.holds === true)
    return first === undefined ? 'nobody' : others.length > 0 ? 'both' : first
  }

  private setCut(kind: Cut, director: DirectorName, cut: boolean): void {
    const ports = kind === 'between' ? directorNames : [director]
    for (const port of ports) {
      const change = {
        cable: cut ? 'down' : 'up',
        silent: cut ? 'nomaster' : 'master switch',
        between: `type bridge_slave isolated ${cut ? 'on' : 'off'}`,
      }[kind]
      this.switchCommands.say(`link set dev to-${port} ${change}`)
    }
  }

  private heard({ requests, stall, at }: ClientLine): void {
    this.requests.push(...requests)
    this.stalls.push({ at, stall })
    this.saidAt = at
  }

  /** Milliseconds from now. */
  static pause(span: number): Promise<void> {
    const end = monotonic() + span
    return new Promise((resolve) => {
      const wait = (): void => {
        const left = end - monotonic()
        if (left <= 0) resolve()
        else setTimeout(wait, left)
      }
      wait()
    })
  }
}
