/** One child process: starts it, feeds it, notices when it dies or falls silent, and starts it again. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Clock, Log, Timer } from '../base/ports.js'
import type { Millis } from '../base/units.js'
import { after, millis } from '../base/units.js'
import type { LogConfig } from '../config/model.js'
import { checkMessage } from './messages.js'
import { type Supervision, type SupervisionEvent, stopped, superviseStep } from './supervision.js'

/**
 * Children report each second. Silence is counted in the parent's own ticks, not in time: a parent that
 * was frozen together with its children must not find them all guilty when it wakes.
 */
const silentTicksAllowed = 15
/** A starved machine may take long to load a program (seen: 15 s on one slow core); ending it makes that worse. */
const silentTicksAtStart = 90
/** So long it is only busy; after that nobody should rely on it. */
const silentTicksUnnoticed = 5
/** Messages that a child has not read: past this it is desynchronised, and rebuilt. */
const unreadAllowed = 4096
/** An orderly leave that takes longer is ended. */
const leaveTime = millis(5_000)
/** And one that cannot even be ended (no privilege, stuck in the kernel) is left behind. */
const endTime = millis(1_000)
const claimSignals = new URL('./claim-signals.js', import.meta.url).href

export interface ChildOptions<From extends { readonly type: string }> {
  readonly name: string
  /** File of the child's main module. */
  readonly module: URL
  readonly log: Log
  readonly logConfig: LogConfig
  readonly clock: Clock
  readonly types: Readonly<Record<From['type'], true>>
  /** Descriptors inherited as 4, 5 … in the child. */
  readonly fds: readonly number[]
  /** Called with each message, `ready` included. */
  onMessage(message: From): void
  /** Called when the process ended without having been asked to. */
  onDeath(): void
}

/** The first descriptor number that `ChildOptions.fds` get in the child: after stdio and the IPC channel. */
export const firstInheritedFd = 4

export class SupervisedChild<To extends { readonly type: string }, From extends { readonly type: string }> {
  private state: Supervision = stopped
  private process: ChildProcess | undefined
  private timer: Timer | undefined
  private unread = 0
  private silentTicks = 0
  private heard = false
  /** It has been ended for its silence, and has not gone yet. */
  private condemned = false
  private readonly ended: (() => void)[] = []

  constructor(private readonly options: ChildOptions<From>) {}

  get name(): string {
    return this.options.name
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  get supervision(): Supervision {
    return this.state
  }

  /** It runs and says nothing; one that starts, or waits to be started again, is not meant. */
  get silent(): boolean {
    return this.condemned || (this.heard && this.silentTicks > silentTicksUnnoticed)
  }

  /** While it dies: whether its successor starts without a pause. */
  get returnsAtOnce(): boolean {
    const [next] = superviseStep(this.state, { type: 'exited' }, this.options.clock.now())
    return next.name === 'waiting' && next.until <= this.options.clock.now()
  }

  start(): void {
    this.apply({ type: 'start' })
  }

  /** False when the child is not there: it will learn everything from its `start` message. */
  send(message: To): boolean {
    const child = this.process
    if (!child?.connected) return false
    if (this.unread > unreadAllowed) {
      this.options.log.error(`${this.name} does not read its messages; ending it to rebuild it`)
      child.kill('SIGKILL')
      return false
    }
    this.unread++
    child.send(message, () => {
      this.unread--
    })
    return true
  }

  /** Called by the parent each second. */
  tick(): void {
    if (!this.process) return
    this.silentTicks++
    const allowed = this.heard ? silentTicksAllowed : silentTicksAtStart
    if (this.silentTicks <= allowed) return
    this.options.log.error(`${this.name} has been silent for ${allowed} s; ending it to rebuild it`)
    this.silentTicks = 0
    this.condemned = true
    this.process.kill('SIGKILL')
  }

  /** Asks the child to leave in good order, ends it when it takes too long; resolves when it is gone. */
  stop(): Promise<void> {
    const child = this.process
    this.apply({ type: 'stop' })
    if (!child) return Promise.resolve()
    return new Promise((resolve) => {
      const { clock, log } = this.options
      let deadline = clock.at(after(clock.now(), leaveTime), () => {
        log.error(`${this.name} did not leave within ${leaveTime / 1000} s; ending it`)
        child.kill('SIGKILL')
        deadline = clock.at(after(clock.now(), endTime), resolve)
      })
      this.ended.push(() => {
        deadline.cancel()
        resolve()
      })
    })
  }

  private apply(event: SupervisionEvent): void {
    const now = this.options.clock.now()
    const [state, effects] = superviseStep(this.state, event, now)
    this.state = state
    this.timer?.cancel()
    if (state.name === 'waiting')
      this.timer = this.options.clock.at(state.until, () => this.wake(state.until))
    for (const effect of effects) {
      if (effect.type === 'spawn') this.spawn()
      else if (!this.send({ type: 'stop' } as To)) this.process?.kill('SIGKILL')
    }
  }

  private wake(until: Millis): void {
    // A timer may fire a fraction early; the reducer compares with the deadline itself.
    if (this.options.clock.now() < until) this.timer = this.options.clock.at(until, () => this.wake(until))
    else this.apply({ type: 'deadlineReached' })
  }

  private spawn(): void {
    const { name, module, log, logConfig, types, fds } = this.options
    const child = fork(module, [logConfig.level, logConfig.format], {
      serialization: 'advanced',
      execArgv: ['--import', claimSignals],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...fds],
    })
    this.process = child
    this.unread = 0
    this.silentTicks = 0
    this.heard = false
    this.condemned = false
    log.debug(`${name} started`, { pid: child.pid ?? 0 })
    child.on('message', (raw) => {
      const message = checkMessage<From>(types, raw)
      if (!message) {
        log.error(
          `unknown message from ${name}: ${JSON.stringify(raw)?.slice(0, 200)}; ending it to rebuild it`,
        )
        child.kill('SIGKILL')
        return
      }
      this.silentTicks = 0
      this.heard = true
      this.options.onMessage(message)
    })
    child.on('error', (error) => log.error(`${name}: ${error.message}`))
    child.once('exit', (code, signal) => this.exited(child, code, signal))
  }

  private exited(child: ChildProcess, code: number | null, signal: string | null): void {
    if (child !== this.process) return
    this.process = undefined
    this.heard = false
    this.condemned = false
    if (this.state.name === 'stopped') {
      for (const resolve of this.ended.splice(0)) resolve()
      return
    }
    this.options.onDeath()
    this.apply({ type: 'exited' })
    const when = this.state.name === 'waiting' ? Math.round(this.state.until - this.options.clock.now()) : 0
    const how = signal === null ? `exited with status ${code}` : `was ended by ${signal}`
    this.options.log.error(`${this.name} ${how}; starting it again in ${Math.max(0, when)} ms`)
  }
}
