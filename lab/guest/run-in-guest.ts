import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, cpSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Flavour } from './flavour.js'
import { hostMachine } from './host.js'
import type { Machine, MachineOptions } from './machine.js'
import { qemuMachine } from './qemu.js'
import { makeRunFolder } from './run-folder.js'
import { umlMachine } from './uml.js'

export interface GuestRun {
  readonly flavour: Flavour
  /** Program and arguments, run as the guest's root in the repository's folder. */
  readonly argv: readonly string[]
  /** VIPAIR_ARTEFACTS is added: a folder whose files come back. */
  readonly env?: Readonly<Record<string, string>>
  /** Called with each line of its output, as it comes. Not with `terminal`. */
  readonly onOutput?: (line: string) => void
  /** Milliseconds until the guest is killed; undefined never. */
  readonly timeout?: number
  /** Connects the program to this process's terminal instead. */
  readonly terminal?: boolean
  /** Where its artefacts go, made when there are any; undefined: they are dropped. */
  readonly artefacts?: { readonly folder: string; readonly when: 'always' | 'failed' } | undefined
}

export interface GuestResult {
  /** The program's own, or 124 after the time limit, 125 when the guest died without an answer. */
  readonly exitStatus: number
  /** Undefined when there were none or nobody asked for them. */
  readonly artefactsFolder: string | undefined
  /** Last lines of the guest kernel's console. */
  readonly console: string
}

const machines: Record<Flavour, (options: MachineOptions) => Machine> = {
  host: hostMachine,
  uml: umlMachine,
  qemu: qemuMachine,
}

/**
 * In a process namespace that dies with us: the kernel kills `unshare` when this process ends, however it
 * ends, and with it the namespace's first process and all others. The shell is that first process, because
 * signals that a kernel panic relies on do not reach a first process.
 */
function start(machine: Machine, stdio: readonly ('ignore' | 'pipe' | number)[]): ChildProcess {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const unshare = ['unshare', ...asRoot, '--pid', '--fork', '--kill-child']
  const shell = ['sh', '-c', '"$@"; exit $?', 'sh']
  return spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', ...unshare, '--', ...shell, machine.file, ...machine.args],
    { stdio: [...stdio], detached: true, env: { ...process.env, ...machine.env } },
  )
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

const terminalMode = (...args: string[]): string =>
  execFileSync('stty', args, { stdio: [0, 'pipe', 'ignore'], encoding: 'utf8' }).trim()

const readOr = (file: string, otherwise: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}

/** Boots a guest, runs one program in it and leaves nothing behind, also after a signal. */
export async function runInGuest(run: GuestRun): Promise<GuestResult> {
  const environment = { ...run.env, PATH: `${join(process.execPath, '..')}:/usr/sbin:/usr/bin:/sbin:/bin` }
  const folder = makeRunFolder(run.argv, environment)
  const files = join(folder, 'artefacts')
  const log = openSync(join(folder, 'console.log'), 'a')
  const mode = run.terminal ? terminalMode('-g') : undefined
  const machine = machines[run.flavour]({
    runFolder: folder,
    terminal: run.terminal
      ? { rows: process.stdout.rows ?? 24, columns: process.stdout.columns ?? 80 }
      : undefined,
  })
  const channels = run.terminal ? ([1, 0] as const) : (['pipe', 'ignore'] as const)
  const child = start(machine, ['ignore', log, log, ...channels])
  closeSync(log)

  const cleanUp = (): void => {
    kill(child)
    if (mode !== undefined) terminalMode(mode)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const interrupted = (signal: NodeJS.Signals): void => {
    process.removeListener('exit', cleanUp)
    cleanUp()
    process.exit(signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, interrupted)
  process.once('exit', cleanUp)

  let timedOut = false
  const expire = (): void => {
    timedOut = true
    kill(child)
  }
  const limit = run.timeout === undefined ? undefined : setTimeout(expire, run.timeout)
  try {
    const output = child.stdio[3]
    const drained =
      output && 'on' in output && 'read' in output
        ? readLines(output, run.onOutput ?? (() => {}))
        : Promise.resolve()
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => resolve())
    })
    await drained
    const status = Number.parseInt(readOr(join(folder, 'status'), ''), 10)
    const exitStatus = timedOut ? 124 : Number.isNaN(status) ? 125 : status
    const wanted = exitStatus === 0 && run.artefacts?.when === 'failed' ? undefined : run.artefacts?.folder
    const kept = wanted !== undefined && readdirSync(files).length > 0
    if (kept) cpSync(files, wanted, { recursive: true })
    const tail = readOr(join(folder, 'console.log'), '').trimEnd().split('\n').slice(-30).join('\n')
    return { exitStatus, artefactsFolder: kept ? wanted : undefined, console: tail }
  } finally {
    clearTimeout(limit)
    for (const signal of signals) process.removeListener(signal, interrupted)
    process.removeListener('exit', cleanUp)
    cleanUp()
  }
}

async function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) onLine(line)
}
