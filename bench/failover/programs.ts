/** What is compared: vipair and Debian's keepalived, each electing only, with the same settings. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectorName, directorNames, frontAddress, virtualAddress } from '../../lab/addresses.js'
import { keepalivedPidFile, startKeepalived } from '../../lab/keepalived.js'
import type { Lab } from '../../lab/lab.js'
import type { LabProcess } from '../../lab/lab-process.js'
import { defaultPriority } from '../../lab/pair-config.js'
import { repository } from '../../lab/paths.js'
import { processTree } from '../../lab/process-tree.js'
import { run } from '../../lab/shell-command.js'
import { readStatus } from '../../lab/status.js'

export type ProgramName = 'keepalived' | 'vipair'
export type Transport = 'udp' | 'multicast'

export interface Program {
  readonly name: ProgramName
  version(): string
  /** What tcpdump shows of its advertisements on a director's cable. */
  readonly advertisements: string
  start(lab: Lab, director: DirectorName, interval: number): LabProcess
  /** lb1 is Active, lb2 follows it. The caller looks at the addresses by itself. */
  settled(lab: Lab): Promise<boolean>
  /** The process of a director that takes part in the election. */
  electing(lab: Lab, director: DirectorName): Promise<number>
  /** Once they are settled. */
  prepare(processes: readonly LabProcess[]): Promise<void>
}

const output = (file: string, ...args: string[]): string =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

export const keepalived: Program = {
  name: 'keepalived',
  // It prints its version on stderr.
  version: () => output('sh', '-c', 'keepalived --version 2>&1').split('\n')[0] ?? '',
  advertisements: 'ip proto 112',
  start: (lab, director, interval) => startKeepalived(lab, director, defaultPriority[director], interval),
  settled: async () => true,
  electing: async (lab, director) =>
    Number(readFileSync(keepalivedPidFile(lab, director, 'vrrp'), 'utf8').trim()),
  // vipair asks for it by itself; without it the comparison on a busy machine would be unfair.
  async prepare(processes) {
    for (const pid of processes.flatMap(({ pid }) => processTree(pid)))
      await run(['chrt', '-a', '-r', '-p', '20', String(pid)])
  },
}

export const vipair = (transport: Transport): Program => ({
  name: 'vipair',
  version: vipairVersion,
  // Of the pair's channel 0 (vrrp), frames of type 2 (data).
  advertisements:
    transport === 'multicast' ? 'ip proto 112' : 'udp port 8849 and udp[10] = 0 and udp[11] = 2',
  start(lab, director, interval) {
    const config = join(lab.artefacts, `${director}-${interval}.toml`)
    const key = join(lab.artefacts, 'pair.key')
    // Both directors are given the same.
    if (!existsSync(key)) writeFileSync(key, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
    writeFileSync(config, file(key, transport, interval))
    const where = ['--config', config, '--director', director, '--runtime-dir', runtimeFolder(lab, director)]
    const argv = [process.execPath, join(repository, 'bin/vipair'), 'run', ...where]
    return lab.topology.spawn(director, 'vipair', argv)
  },
  async settled(lab) {
    const [lb1, lb2] = await Promise.all(directorNames.map((name) => readStatus(runtimeFolder(lab, name))))
    const reachable = transport === 'multicast' || lb2?.peer?.reachable === true
    return (
      lb1?.virtualRouters[0]?.state === 'active' && lb2?.virtualRouters[0]?.state === 'backup' && reachable
    )
  },
  async electing(lab, director) {
    const status = await readStatus(runtimeFolder(lab, director))
    const pid = status?.processes.find(({ name }) => name === 'vrrp')?.pid
    if (!pid) throw new Error(`${director}: no vrrp process`)
    return pid
  },
  prepare: async () => {},
})

/** The default, unless the peer would take over only after its end: what `vipair check` asks for then, ms. */
export const leaseFor = (interval: number): number => Math.max(3_000, 6 * interval)

const runtimeFolder = (lab: Lab, director: DirectorName): string => `/run/${lab.topology.prefix}${director}`

const file = (key: string, transport: Transport, interval: number): string =>
  `${directorNames
    .map(
      (name) =>
        `[[director]]\nname = "${name}"\naddress = "${frontAddress(name)}"\npriority = ${defaultPriority[name]}\n`,
    )
    .join('\n')}
[pair]
key_file = "${key}"

[[virtual_router]]
name = "front"
vrid = 51
interface = "eth0"
addresses = ["${virtualAddress}/24"]
transport = "${transport}"
advertisement_interval = "${interval}ms"
lease = "${leaseFor(interval)}ms"
preempt = "always"
`

function vipairVersion(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  try {
    return `${version} (${output('git', '-C', repository, 'rev-parse', '--short', 'HEAD').trim()})`
  } catch {
    return version
  }
}
