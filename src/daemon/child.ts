/**
 * What every child process does around its feature: claims the signals, checks each message, reports its
 * status, and leaves in good order when told to or when the parent is gone.
 */
import type { Log } from '../base/ports.js'
import type { LogConfig } from '../config/model.js'
import { createLog } from '../platform/log.js'
import { LoopLag } from './loop-lag.js'
import { checkMessage } from './messages.js'
import { exitOnUncaught } from './uncaught.js'

/** A message does not fit its table, or the other side does not read: EX_SOFTWARE of sysexits.h. */
export const exitDesynchronised = 70

/** Status is replaceable: none is queued behind this many unread messages. */
const statusBacklog = 8
/** Facts are not: a parent that leaves this many unread is beyond help. */
const factBacklog = 4096
const statusInterval = 1000
/** Of the process's time, at most, that goes into telling how it is: with 30,000 servers that is long. */
const statusShare = 0.03
const longestSilence = 10_000

export interface ChildFeature<To> {
  /** Acts on one message. `stop` does not come here. */
  handle(message: To): void
  /** Current status to report; undefined before `start`, and while telling it would be in the way. */
  status(): unknown
  /** Leaves in good order; the process exits when it resolves. */
  stop(): Promise<void>
}

export interface ChildContext<Fact> {
  readonly log: Log
  /** Sends a fact to the parent, and the status right behind it. */
  emit(fact: Fact): void
}

/**
 * Runs a feature as a child process. Settings that must be known before the first message come as
 * arguments: log level and format.
 */
export function runChild<To extends { readonly type: string }, Fact extends { readonly type: string }>(
  name: string,
  types: Readonly<Record<To['type'], true>>,
  create: (context: ChildContext<Fact>) => ChildFeature<To>,
): void {
  process.title = `vipair ${name}`
  const [level, format] = process.argv.slice(2) as [LogConfig['level'], LogConfig['format']]
  const log = createLog({ level, format, process: name })
  exitOnUncaught(log)

  const lag = new LoopLag()
  let unread = 0
  const send = (message: object): void => {
    if (!process.connected) return
    unread++
    process.send?.(message, undefined, undefined, () => {
      unread--
    })
  }
  let nextReport = 0
  /** False when this is not the time for one. */
  const report = (): boolean => {
    const begun = performance.now()
    if (begun < nextReport || unread >= statusBacklog) return false
    const status = feature.status()
    if (status === undefined) return false
    send({ type: 'status', status, eventLoopLagMs: lag.worstMs })
    const ended = performance.now()
    nextReport = ended + Math.min((ended - begun) / statusShare, longestSilence)
    return true
  }
  let reportQueued = false
  const emit = (fact: Fact): void => {
    if (unread > factBacklog) {
      log.error('the parent does not read its messages; leaving to be rebuilt')
      process.exit(exitDesynchronised)
    }
    send(fact)
    if (reportQueued) return
    reportQueued = true
    setImmediate(() => {
      reportQueued = false
      report()
    })
  }

  const feature = create({ log, emit })
  let leaving = false
  const leave = (): void => {
    if (leaving) return
    leaving = true
    clearInterval(reporting)
    feature.stop().then(
      () => {
        if (!process.connected) process.exit(0)
        process.send?.({ type: 'stopped' }, undefined, undefined, () => process.exit(0))
      },
      (error: unknown) => {
        log.error(`leaving failed: ${error instanceof Error ? error.message : String(error)}`)
        process.exit(1)
      },
    )
  }
  const reporting = setInterval(() => {
    // Not before it was told: a stall would be forgotten unseen.
    if (report()) lag.tick()
    else if (unread < statusBacklog) send({ type: 'alive' })
  }, statusInterval)

  process.on('message', (raw) => {
    const message = checkMessage<To>(types, raw)
    if (!message) {
      log.error(`unknown message from the parent: ${JSON.stringify(raw)?.slice(0, 200)}`)
      process.exit(exitDesynchronised)
    }
    if (message.type === 'stop') leave()
    else if (!leaving) feature.handle(message)
  })
  process.on('disconnect', () => {
    if (!leaving) log.warn('the parent is gone; leaving')
    leave()
  })
  send({ type: 'ready' })
}
