/**
 * What the service manager is told (sd_notify(3)): when the director is ready, how it is, when it reads its file
 * anew and when it leaves; and, while every process answers, that it lives. Says nothing where nobody asked.
 */
import type { Clock, Timer } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import type { NotifySend } from '../platform/notify-socket.js'

const lookInterval = millis(1_000)
/** A start goes on for as long as it makes progress; this much longer at a time, us and ms. */
const extension = { us: 30_000_000, every: millis(10_000) } as const
/** Of the process's time, at most, that goes into composing the line: a status of 30,000 servers takes long. */
const statusShare = 0.01

export interface ServiceView {
  /** The table stands and the election runs. */
  readonly ready: boolean
  /** No process is silent that should speak. */
  readonly answering: boolean
  /** One line for a person. */
  statusLine(): string
}

export interface ServiceManagerOptions {
  readonly clock: Clock
  readonly send: NotifySend
  /** Within this the manager wants to hear that all is well; undefined: it does not watch. */
  readonly watchdog: Millis | undefined
  view(): ServiceView
  /** CLOCK_MONOTONIC, us. */
  monotonicUs(): bigint
}

export class ServiceManager {
  private state: 'starting' | 'ready' | 'reloading' | 'stopping' = 'starting'
  private timer: Timer | undefined
  private line = ''
  private nextLine = millis(0)
  private nextFeed = millis(0)
  private nextExtension = millis(0)
  /** What the manager must hear and had no room for. */
  private unsent: string[] = []

  constructor(private readonly options: ServiceManagerOptions) {}

  start(): void {
    this.look()
  }

  /** Before the file is read. */
  reloading(): void {
    if (this.state !== 'ready') return
    this.state = 'reloading'
    this.tell('RELOADING=1', `MONOTONIC_USEC=${this.options.monotonicUs()}`)
  }

  /** Applied or refused: it runs as it says then. */
  reloaded(): void {
    if (this.state !== 'reloading') return
    this.state = 'ready'
    this.tell('READY=1', ...this.newLine())
  }

  stopping(why: string): void {
    this.state = 'stopping'
    this.tell('STOPPING=1', `STATUS=${why}`)
  }

  /** The manager hears no more. */
  close(): void {
    this.timer?.cancel()
  }

  private look(): void {
    const { clock, watchdog } = this.options
    const now = clock.now()
    const words: string[] = []
    const { answering, ready } = this.options.view()
    if (this.state === 'starting' && ready) {
      this.state = 'ready'
      words.push('READY=1')
      this.nextLine = now
    }
    if (this.state === 'starting' && answering && now >= this.nextExtension) {
      this.nextExtension = after(now, extension.every)
      words.push(`EXTEND_TIMEOUT_USEC=${extension.us}`)
    }
    if (this.state !== 'stopping') words.push(...this.newLine())
    // Held back, it is made up for at the first look after which all answer again.
    if (watchdog !== undefined && answering && now >= this.nextFeed) {
      this.nextFeed = after(now, millis(watchdog / 2))
      words.push('WATCHDOG=1')
    }
    if (words.length > 0 || this.unsent.length > 0) this.tell(...words)
    const pace = millis(Math.min(lookInterval, (watchdog ?? Number.POSITIVE_INFINITY) / 4))
    this.timer = clock.at(after(now, pace), () => this.look())
  }

  /** Nothing when it reads as before, or when composing it again would cost too much. */
  private newLine(): string[] {
    const { clock } = this.options
    const begun = clock.now()
    if (begun < this.nextLine) return []
    const line = this.options.view().statusLine().replaceAll('\n', ' ')
    const took = clock.now() - begun
    this.nextLine = after(begun, millis(Math.max(lookInterval / 2, took / statusShare)))
    if (line === this.line) return []
    this.line = line
    return [`STATUS=${line}`]
  }

  /** Of several values of one name the manager takes the last. */
  private tell(...words: readonly string[]): void {
    const all = [...this.unsent, ...words]
    if (this.options.send(`${all.join('\n')}\n`)) this.unsent = []
    // Life is told when it is; the rest is as true a second later.
    else this.unsent = all.filter((word) => !word.startsWith('WATCHDOG')).slice(-8)
  }
}

export interface ServiceSettings {
  /** Where the manager listens. */
  readonly socket: string | undefined
  readonly watchdog: Millis | undefined
}

/** From the environment that sd_notify(3) and sd_watchdog_enabled(3) describe, which no program of ours inherits. */
export function takeServiceSettings(environment: NodeJS.ProcessEnv): ServiceSettings {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: us, WATCHDOG_PID: pid } = environment
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name]
  const watched = /^[1-9]\d{0,17}$/.test(us ?? '') && (pid === undefined || Number(pid) === process.pid)
  return { socket, watchdog: watched ? millis(Number(us) / 1000) : undefined }
}
