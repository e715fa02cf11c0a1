/** A program that fills the table, from its start to its end. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabProcess } from '../../lab/lab-process.js'
import { repository } from '../../lab/paths.js'
import { processTree } from '../../lab/process-tree.js'
import { run } from '../../lab/shell-command.js'
import { keepalivedFile, type Services, vipairFile } from './files.js'

export interface Program {
  readonly name: 'vipair' | 'keepalived'
  readonly process: LabProcess
  /** Writes the file. */
  write(services: Services): void
  /** By SIGHUP, which every program here understands. */
  reload(): void
  /** Milliseconds from its setting until the table stood, as its log says; undefined before, and where it is not told. */
  firstApply(): number | undefined
  /** By the program's own command; resolves when that ends. */
  readonly reloadByCommand?: () => Promise<void>
  stop(): Promise<unknown>
}

export type Start = (folder: string, services: Services) => Program

const vipairCommand = (folder: string, word: string): string[] => [
  process.execPath,
  join(repository, 'bin/vipair'),
  word,
  ...['--config', join(folder, 'vipair.toml'), '--director', 'bench', '--runtime-dir', join(folder, 'run')],
]

export const startVipair: Start = (folder, services) => {
  const file = join(folder, 'vipair.toml')
  writeFileSync(file, vipairFile(services))
  const log = join(folder, `vipair-${services.servers}.log`)
  const child = new LabProcess('vipair', vipairCommand(folder, 'run'), { log })
  return {
    name: 'vipair',
    process: child,
    write: (changed) => writeFileSync(file, vipairFile(changed)),
    reload: () => child.signal('SIGHUP'),
    firstApply: () => {
      const stood = /the table stands: .* in (\d+) ms/.exec(readFileSync(log, 'utf8'))
      return stood ? Number(stood[1]) : undefined
    },
    async reloadByCommand() {
      await run(vipairCommand(folder, 'reload'))
    },
    stop: () => child.stop(),
  }
}

export const startKeepalived: Start = (folder, services) => {
  const file = join(folder, 'keepalived.conf')
  writeFileSync(file, keepalivedFile(services))
  const pids = ['-p', join(folder, 'parent.pid'), '-c', join(folder, 'checkers.pid')]
  // -G: without it keepalived throttles itself by its own logging.
  const argv = ['keepalived', '-C', '-n', '-l', '-G', '-f', file, ...pids]
  const child = new LabProcess('keepalived', argv, { log: join(folder, 'keepalived.log') })
  return {
    name: 'keepalived',
    process: child,
    write: (changed) => writeFileSync(file, keepalivedFile(changed)),
    reload: () => child.signal('SIGHUP'),
    firstApply: () => undefined,
    stop: () => child.stop(),
  }
}

export interface ProcessFigures {
  readonly name: string
  /** MB. */
  readonly peakRss: number
  readonly pss: number
  /** CPU seconds so far. */
  readonly cpu: number
}

/** Of the program and everything that it started. */
export function figuresOf({ process: { pid } }: Program): readonly ProcessFigures[] {
  return processTree(pid).flatMap((one) => {
    try {
      const kilobytes = (text: string, name: string) =>
        Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024
      const status = readFileSync(`/proc/${one}/status`, 'utf8')
      const rollup = readFileSync(`/proc/${one}/smaps_rollup`, 'utf8')
      const command = readFileSync(`/proc/${one}/cmdline`, 'latin1').split('\0').join(' ').trim()
      const stat = readFileSync(`/proc/${one}/stat`, 'latin1')
      // proc(5): utime and stime are the 14th and 15th, in ticks of 10 ms; the name may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const cpu = (Number(fields[11]) + Number(fields[12])) / 100
      const first = command.split(' ')[0] ?? ''
      const name = /^vipair \w+$/.test(command) ? command : one === pid ? `${first} (main)` : first
      return [{ name, peakRss: kilobytes(status, 'VmHWM'), pss: kilobytes(rollup, 'Pss'), cpu }]
    } catch {
      return []
    }
  })
}
