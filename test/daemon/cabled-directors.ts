/** Two whole directors, `vipair run` each, joined by nothing but a cable. No service: no IPVS is needed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from '../../lab/paths.js'
import { readStatus } from '../../lab/status.js'
import type { IpAddress } from '../../src/base/ip.js'
import type { DirectorStatus } from '../../src/base/status.js'
import { ip } from '../platform/addresses.js'
import { createPair, type Namespace } from '../platform/namespace.js'

export type Transport = 'udp' | 'multicast'

/** Milliseconds that a director may take to leave. */
const leaveTime = 5000

const file = (transport: Transport, key: string): string => `
[[director]]
name = "lb1"
address = "10.9.0.1"
[[director]]
name = "lb2"
address = "10.9.0.2"
[pair]
key_file = "${key}"
[[virtual_router]]
name = "front"
vrid = 51
preempt = "never"
addresses = ["10.9.0.100/24"]
transport = "${transport}"
advertisement_interval = "100ms"
[log]
format = "text"
`

export class CabledDirector {
  private readonly child: ChildProcess
  private readonly logFile: string

  constructor(
    readonly name: 'lb1' | 'lb2',
    readonly address: IpAddress,
    readonly namespace: Namespace,
    readonly interfaceName: string,
    config: string,
    private readonly home: string,
  ) {
    mkdirSync(home)
    this.logFile = join(home, 'log')
    const log = openSync(this.logFile, 'a')
    const run = [join(repository, 'bin/vipair'), 'run', '--config', config]
    const args = [process.execPath, ...run, '--director', name, '--runtime-dir', home]
    // It leaves when the tests end, however they end.
    const start = () => spawn('setpriv', ['--pdeathsig', 'TERM', ...args], { stdio: ['ignore', log, log] })
    this.child = namespace.enter(start)
    closeSync(log)
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} was not started`)
    return this.child.pid
  }

  /** Undefined while it does not answer. */
  status(): Promise<DirectorStatus | undefined> {
    return readStatus(this.home)
  }

  /** Lines logged so far. */
  log(): readonly string[] {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(0, -1)
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    const limit = setTimeout(() => this.child.kill('SIGKILL'), leaveTime)
    await gone
    clearTimeout(limit)
  }
}

/** `prepare` runs when the cable is there and nobody speaks yet. */
export function startDirectors(transport: Transport, prepare: (end: Namespace) => void) {
  const cable = createPair()
  for (const end of [cable.left, cable.right]) prepare(end)
  const folder = mkdtempSync(join(tmpdir(), 'vipair-test-'))
  const key = join(folder, 'pair.key')
  const config = join(folder, 'vipair.toml')
  writeFileSync(key, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
  writeFileSync(config, file(transport, key))
  const directors = [
    new CabledDirector('lb1', ip('10.9.0.1'), cable.left, 'left0', config, join(folder, 'lb1')),
    new CabledDirector('lb2', ip('10.9.0.2'), cable.right, 'right0', config, join(folder, 'lb2')),
  ] as const
  return {
    directors,
    close: async (): Promise<void> => {
      await Promise.all(directors.map((director) => director.stop()))
      cable.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
