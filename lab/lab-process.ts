import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { processTree } from './process-tree.js'

export interface SpawnOptions {
  /** File that takes stderr, and stdout unless `onLine` takes it. Appended to. */
  readonly log: string
  readonly env?: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => void
}

/** A program that we started in a process group of its own, and everything that descends from it. */
export class LabProcess {
  readonly name: string
  readonly pid: number
  /** Exit status, or the signal's name. */
  readonly ended: Promise<number | string>
  #child: ChildProcess
  #frozen: readonly number[] = []
  #running = true

  constructor(name: string, argv: readonly string[], options: SpawnOptions) {
    const [file = '', ...args] = argv
    const log = openSync(options.log, 'a')
    const child = spawn(file, args, {
      stdio: ['pipe', options.onLine ? 'pipe' : log, log],
      detached: true,
      env: { ...process.env, ...options.env },
    })
    closeSync(log)
    if (child.pid === undefined) throw new Error(`${name}: cannot start ${argv.join(' ')}`)
    this.name = name
    this.pid = child.pid
    this.#child = child
    child.stdin?.on('error', () => {})
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#running = false
        resolve(signal ?? code ?? 0)
      })
    })
    if (child.stdout && options.onLine) createInterface({ input: child.stdout }).on('line', options.onLine)
  }

  get running(): boolean {
    return this.#running
  }

  /** Writes one line to its standard input. */
  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** To the first process only, as an operator or systemd would. */
  signal(signal: NodeJS.Signals): void {
    send(this.pid, signal)
  }

  /** Ends every process of the tree at once, with no chance to say goodbye. */
  async kill(): Promise<void> {
    if (this.#running) for (const pid of this.#everything()) send(pid, 'SIGKILL')
    await this.ended
  }

  /** Stops every process of the tree; the kernel goes on. */
  freeze(): void {
    this.#frozen = this.#everything()
    for (const pid of this.#frozen) send(pid, 'SIGSTOP')
  }

  thaw(): void {
    for (const pid of this.#frozen) send(pid, 'SIGCONT')
    this.#frozen = []
  }

  /** SIGTERM, and SIGKILL for all after `patience` milliseconds. */
  async stop(patience = 5000): Promise<number | string> {
    this.thaw()
    this.signal('SIGTERM')
    const timer = setTimeout(() => void this.kill(), patience)
    const status = await this.ended
    clearTimeout(timer)
    return status
  }

  /** The whole group in one call, then whatever left the group. */
  #everything(): readonly number[] {
    return [-this.pid, ...processTree(this.pid)]
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
