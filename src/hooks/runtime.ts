/** The hooks process at work: tells each hook of events, one at a time and in order, until it has taken them. */
import { type DirectorEvent, eventTypes } from '../base/events.js'
import type { Clock, Log, Timer } from '../base/ports.js'
import { type ProgramRun, wordsOf } from '../base/program.js'
import { after, type Millis, millis } from '../base/units.js'
import type { HookConfig, UrlHookConfig } from '../config/hook.js'
import { type ProgramConfig, programOfHook } from '../config/program.js'
import { same } from '../config/share.js'
import { type HookMessage, hookMessage, hookVariables } from './message.js'
import { EventQueue, type Pending } from './queue.js'

export interface HooksPorts {
  readonly clock: Clock
  readonly log: Log
  readonly runProgram: (
    program: ProgramConfig,
    variables: Readonly<Record<string, string>>,
    input: string,
  ) => Promise<ProgramRun>
  /** Undefined: it was told; otherwise why not. Never rejects. */
  readonly post: (hook: UrlHookConfig, message: HookMessage, cut: AbortSignal) => Promise<string | undefined>
}

/** What a hook has been told so far: everything up to this generation. */
export interface HookDelivered {
  readonly name: string
  readonly generation: number
}

/** Where a hook stands. */
export interface HookStand {
  /** It has been told everything up to this generation. */
  readonly told: number
  /** What is over by this generation was before its time. */
  readonly since: number
}

export interface HookReport {
  readonly name: string
  readonly pending: number
  readonly delivered: number
  readonly failed: number
  /** Given up after `retry_for`, or because there were too many. */
  readonly lost: number
  /** Of the last attempt; undefined: none yet. `failure` undefined: it was told. */
  readonly last:
    | { readonly at: Millis; readonly text: string; readonly failure: string | undefined }
    | undefined
  /** Failed attempts in a row; 0: the last one was told. */
  readonly failures: number
}

export interface HooksRuntime {
  /** Hooks that are as before go on as they were. `stands`: by name. */
  configure(director: string, hooks: readonly HookConfig[], stands: Readonly<Record<string, HookStand>>): void
  add(events: readonly DirectorEvent[]): void
  status(): readonly HookReport[]
  /** Calls back once every hook has been told everything, or fails. */
  flush(done: () => void): void
  stop(): void
}

const firstDelay = 1_000
const longestDelay = 60_000

/** 1, 2, 4 … 60 s after the first, second, third … failure in a row. */
export const retryDelay = (failures: number): Millis =>
  millis(Math.min(longestDelay, firstDelay * 2 ** Math.min(failures - 1, 16)))

export function startHooks(ports: HooksPorts, onDelivered: (delivered: HookDelivered) => void): HooksRuntime {
  let hooks: Hook[] = []
  let flushing: (() => void)[] = []
  const onIdle = (): void => {
    if (hooks.some((hook) => hook.busy)) return
    for (const done of flushing.splice(0)) done()
  }
  return {
    configure(director, configs, stands) {
      const before = hooks
      hooks = configs.map((config) => {
        const stand = stands[config.name] ?? { told: 0, since: 0 }
        const kept = before.find((hook) => same(hook.config, config))
        const tell = (generation: number): void => onDelivered({ name: config.name, generation })
        return kept ?? new Hook(ports, director, config, stand, onIdle, tell)
      })
      for (const hook of before) if (!hooks.includes(hook)) hook.stop()
    },
    add(events) {
      for (const hook of hooks) hook.add(events)
    },
    status: () => hooks.map((hook) => hook.report()),
    flush(done) {
      flushing.push(done)
      onIdle()
    },
    stop() {
      for (const hook of hooks) hook.stop()
      hooks = []
      flushing = []
    },
  }
}

class Hook {
  private readonly queue = new EventQueue()
  private readonly cut = new AbortController()
  private delivering: Pending | undefined
  /** The one that was tried last and failed. */
  private trying: { readonly pending: Pending; readonly since: Millis; attempts: number } | undefined
  private retry: Timer | undefined
  private last: HookReport['last']
  private readonly counts = { delivered: 0, failed: 0, givenUp: 0 }
  private failures = 0
  private told: number

  constructor(
    private readonly ports: HooksPorts,
    private readonly director: string,
    readonly config: HookConfig,
    private readonly stand: HookStand,
    private readonly onIdle: () => void,
    private readonly onDelivered: (generation: number) => void,
  ) {
    this.told = stand.told
  }

  /** Whether it is telling, or about to. */
  get busy(): boolean {
    return this.delivering !== undefined || (this.queue.size > 0 && this.retry === undefined)
  }

  add(events: readonly DirectorEvent[]): void {
    for (const event of events) if (this.concerns(event)) this.queue.add(event)
    this.next()
  }

  private concerns({ id, type }: DirectorEvent): boolean {
    if (id <= this.told || !this.config.on.includes(type)) return false
    return eventTypes[type].lasting || id > this.stand.since
  }

  report(): HookReport {
    const { delivered, failed, givenUp } = this.counts
    const { last, failures, queue, config } = this
    return {
      name: config.name,
      pending: queue.size,
      delivered,
      failed,
      lost: givenUp + queue.lost,
      last,
      failures,
    }
  }

  stop(): void {
    this.retry?.cancel()
    this.cut.abort('the hook has changed')
  }

  private next(): void {
    const pending = this.queue.first
    if (!pending || this.delivering || this.retry || this.cut.signal.aborted) return
    this.delivering = pending
    const known = this.trying?.pending === pending ? this.trying : undefined
    const trying = known ?? { pending, since: this.ports.clock.now(), attempts: 0 }
    this.trying = trying
    const message = hookMessage(this.director, pending, ++trying.attempts)
    void this.deliver(message).then((failure) => {
      this.delivering = undefined
      if (this.cut.signal.aborted) return
      this.last = { at: this.ports.clock.now(), text: message.text, failure }
      if (failure === undefined) this.succeeded(pending)
      else this.failed(pending, trying.since, failure)
      this.next()
      this.onIdle()
    })
  }

  private async deliver(message: HookMessage): Promise<string | undefined> {
    const { config, ports } = this
    if (config.kind === 'url') return ports.post(config, message, this.cut.signal)
    const input = `${JSON.stringify(message)}\n`
    const run = await ports.runProgram(programOfHook(config), hookVariables(message), input)
    return run.how === 'exited' && run.status === 0 ? undefined : wordsOf(run)
  }

  private succeeded(pending: Pending): void {
    this.counts.delivered++
    if (this.failures > 0) this.ports.log.info(`hook ${this.config.name}: works again`)
    this.failures = 0
    this.done(pending)
  }

  private failed(pending: Pending, since: Millis, failure: string): void {
    const { clock, log } = this.ports
    const { name, retryFor } = this.config
    this.counts.failed++
    this.failures++
    const delay = retryDelay(this.failures)
    if (this.failures === 1) log.warn(`hook ${name}: ${failure}; trying again`, { event: pending.event.type })
    if (retryFor !== undefined && clock.now() - since + delay > retryFor) {
      this.counts.givenUp++
      log.error(`hook ${name}: given up after ${Math.round((clock.now() - since) / 1000)} s: ${failure}`, {
        event: pending.event.type,
        subject: pending.event.subject,
      })
      this.done(pending)
    }
    this.retry = clock.at(after(clock.now(), delay), () => {
      this.retry = undefined
      this.next()
    })
  }

  /** Generations rise from delivery to delivery, so that one number says what was told. */
  private done(pending: Pending): void {
    this.queue.remove(pending)
    this.trying = undefined
    this.told = pending.event.id
    this.onDelivered(this.told)
  }
}
