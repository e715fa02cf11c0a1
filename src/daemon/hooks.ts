/** The hooks process as the parent keeps it: what it is told, and how far each hook has got. */
import { type DirectorEvent, eventKey } from '../base/events.js'
import type { Clock } from '../base/ports.js'
import { after, millis } from '../base/units.js'
import type { HookConfig } from '../config/hook.js'
import type { Config } from '../config/model.js'
import { same } from '../config/share.js'
import type { HookReport, HookStand } from '../hooks/runtime.js'
import type { Children } from './children.js'
import type { FromHooks, ProgramAnswer } from './messages.js'

/** What is left to be told when the daemon leaves gets so long. */
const flushPatience = millis(3_000)

export class Hooks {
  /** The last it said, by its own order; undefined before, and while it is away. */
  reports: readonly HookReport[] = []
  /** Of each type and subject, oldest first: for a process, or a hook, that has to be told what is so. */
  private readonly latest = new Map<string, DirectorEvent>()
  private readonly stands = new Map<string, HookStand>()
  private hooks: readonly HookConfig[] = []
  private newest = 0
  private ready = false
  private onFlushed: () => void = () => {}

  constructor(
    private readonly child: Children['hooks'],
    private readonly clock: Clock,
    private readonly director: string,
    config: Config,
  ) {
    this.take(config.hooks)
  }

  get needed(): boolean {
    return this.hooks.length > 0
  }

  /** What is wrong, one line each. */
  get warnings(): readonly string[] {
    return this.reports.flatMap(({ name, failures, last, pending }) =>
      failures > 0 && last?.failure !== undefined
        ? [`hook ${name} has failed ${failures} times in a row, and ${pending} events wait: ${last.failure}`]
        : [],
    )
  }

  /** All of it is so already. */
  tell(events: readonly DirectorEvent[]): void {
    for (const event of events) {
      const key = eventKey(event)
      this.latest.delete(key)
      this.latest.set(key, event)
      this.newest = Math.max(this.newest, event.id)
    }
    if (this.ready) this.child.send({ type: 'events', events })
  }

  /** Subjects that are gone have no state. */
  forget(gone: (event: DirectorEvent) => boolean): void {
    for (const [key, event] of this.latest) if (gone(event)) this.latest.delete(key)
  }

  onMessage(message: FromHooks): void {
    switch (message.type) {
      case 'ready':
        this.ready = true
        this.start()
        return
      case 'hookDelivered': {
        const stand = this.stands.get(message.name)
        if (stand) this.stands.set(message.name, { ...stand, told: message.generation })
        return
      }
      case 'flushed':
        this.onFlushed()
        return
      case 'status':
        this.reports = message.status.hooks
        return
      default:
        return
    }
  }

  onAnswer(answer: ProgramAnswer): void {
    if (this.ready) this.child.send(answer)
  }

  /** Its successor is told what has not been delivered yet. */
  onDeath(): void {
    this.ready = false
    this.onFlushed()
  }

  configure(config: Config, leaving: () => boolean): void {
    if (same(this.hooks, config.hooks)) return
    const had = this.needed
    this.take(config.hooks)
    if (had && this.needed) {
      if (this.ready) this.start()
      return
    }
    this.ready = false
    this.reports = []
    void this.child.stop().then(() => {
      if (!leaving() && this.needed) this.child.start()
    })
  }

  /** Resolves when the process is gone; what is left to be told gets a moment before. */
  async stop(): Promise<void> {
    if (this.ready && this.child.send({ type: 'flush' })) {
      await new Promise<void>((resolve) => {
        const limit = this.clock.at(after(this.clock.now(), flushPatience), resolve)
        this.onFlushed = () => {
          limit.cancel()
          resolve()
        }
      })
    }
    await this.child.stop()
    this.ready = false
  }

  /** One that is new, or another, is told of every state there is, and not of what is over. */
  private take(hooks: readonly HookConfig[]): void {
    const before = new Map(this.hooks.map((hook) => [hook.name, hook]))
    this.hooks = hooks
    for (const name of before.keys()) if (!hooks.some((hook) => hook.name === name)) this.stands.delete(name)
    for (const hook of hooks)
      if (!same(before.get(hook.name), hook)) this.stands.set(hook.name, { told: 0, since: this.newest })
  }

  private start(): void {
    const { hooks, director } = this
    const stands = Object.fromEntries(this.stands)
    const events = [...this.latest.values()]
    this.child.send({ type: 'start', setting: { hooks, director, stands, events } })
  }
}
