import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DirectorStatus } from '../src/base/status.js'
import type { DirectorName } from './addresses.js'
import { virtualAddress } from './addresses.js'
import type { Lab } from './lab.js'
import type { LabProcess } from './lab-process.js'
import { type PairOptions, pairConfig } from './pair-config.js'
import { built, repository } from './paths.js'
import { readStatus } from './status.js'
import { busyMachine, until } from './wait.js'

/** Fixed, so that a run can be repeated byte for byte. */
const pairKey = Uint8Array.from({ length: 32 }, (_, index) => index)

/** vipair on one of the lab's directors. */
export class Director {
  readonly name: DirectorName
  readonly configFile: string
  readonly runtimeFolder: string
  readonly #lab: Lab
  #process: LabProcess | undefined

  /** `key` undefined: the one that both share. Writes the key and the file; starts nothing. */
  constructor(lab: Lab, name: DirectorName, options: PairOptions = {}, key?: Uint8Array) {
    if (!existsSync(built('src/cli/main')))
      throw new Error('there is no vipair in the build: run `npm run setup`')
    this.#lab = lab
    this.name = name
    this.runtimeFolder = `/run/${lab.topology.prefix}${name}`
    // The pair shares one file, but for a director that is given a key of its own.
    const base = join(lab.artefacts, key === undefined ? 'pair' : name)
    this.configFile = `${base}.toml`
    const keyText = Buffer.from(key ?? pairKey).toString('base64')
    writeFileSync(`${base}.key`, `${keyText}\n`, { mode: 0o600 })
    writeFileSync(this.configFile, pairConfig(lab.forwarding, `${base}.key`, options))
  }

  get process(): LabProcess {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`)
    return this.#process
  }

  /** A vipair command for this director, to be run on it. */
  command(...words: string[]): string[] {
    const where = ['--config', this.configFile, '--director', this.name, '--runtime-dir', this.runtimeFolder]
    return [process.execPath, join(repository, 'bin/vipair'), ...words, ...where]
  }

  start(): void {
    this.#process = this.#lab.topology.spawn(this.name, 'vipair', this.command('run'))
  }

  /** Undefined while nothing answers. */
  status(): Promise<DirectorStatus | undefined> {
    return readStatus(this.runtimeFolder)
  }

  /** Waits until the status shows what `holds` looks for; fails at once when the daemon has ended. */
  async until(
    what: string,
    patience: number,
    holds: (status: DirectorStatus) => boolean,
  ): Promise<DirectorStatus> {
    let seen: DirectorStatus | undefined
    return until(
      `${this.name}: ${what}`,
      patience * busyMachine,
      async () => {
        if (!this.process.running)
          throw new Error(`${this.name}: vipair ended with ${await this.process.ended}`)
        seen = await this.status()
        return seen !== undefined && holds(seen) ? seen : undefined
      },
      () => (seen === undefined ? 'no answer on its control socket' : summary(seen)),
    )
  }

  untilState(
    state: DirectorStatus['virtualRouters'][number]['state'],
    patience: number,
  ): Promise<DirectorStatus> {
    return this.until(`is ${state}`, patience, ({ virtualRouters }) => {
      return virtualRouters.length > 0 && virtualRouters.every((router) => router.state === state)
    })
  }

  /** Every server of every service has been found healthy. */
  untilHealthy(patience: number): Promise<DirectorStatus> {
    return this.until('finds every server healthy', patience, ({ virtualServices }) => {
      const servers = virtualServices.flatMap(({ realServers }) => realServers)
      return servers.length > 0 && servers.every(({ health }) => health === 'healthy')
    })
  }

  holdsAddress(): Promise<boolean> {
    return this.#lab.topology.holds(this.name, virtualAddress)
  }

  /** The kernel's IPVS table, as `ipvsadm -Sn` prints it. */
  ipvsTable(): Promise<string> {
    return this.#lab.topology.run(this.name, ['ipvsadm', '-Sn'])
  }
}

/** What of a status tells why a wait was in vain. */
const summary = ({ virtualRouters, virtualServices, peer, warnings }: DirectorStatus): unknown => ({
  routers: virtualRouters.map(({ state, reason }) => `${state}: ${reason}`),
  unhealthy: virtualServices.flatMap(({ name, realServers }) =>
    realServers.filter(({ health }) => health !== 'healthy').map((server) => `${name}/${server.name}`),
  ),
  peerReachable: peer?.reachable,
  warnings,
})

/** A key that no other director has. */
export const anotherKey = (): Uint8Array => randomBytes(32)

export interface Pair {
  readonly lb1: Director
  readonly lb2: Director
}

/** Starts both and waits until lb1 is Active, lb2 Backup, and both have checked every server. */
export async function startPair(lab: Lab, options: PairOptions = {}): Promise<Pair> {
  const pair = { lb1: new Director(lab, 'lb1', options), lb2: new Director(lab, 'lb2', options) }
  pair.lb1.start()
  await pair.lb1.untilState('active', 30000)
  pair.lb2.start()
  await pair.lb2.untilState('backup', 30000)
  for (const director of [pair.lb1, pair.lb2]) {
    await director.untilHealthy(30000)
    await director.until('reaches its peer', 15000, ({ peer }) => peer?.reachable === true)
  }
  return pair
}
