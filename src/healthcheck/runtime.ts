/** The healthcheck process at work: runs the checks when they are due and tells what became of the servers. */

import { weightAsked } from '../base/asked-weight.js'
import type { Health, ServerHealth } from '../base/facts.js'
import type { Clock, Log, NameLookup, PacketPort, Random, Timer } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { isWorthTelling, leastAsked } from './asked.js'
import { checkWarnings } from './check-warnings.js'
import type { Checker } from './checkers/checker.js'
import { isOutright } from './checkers/errno.js'
import { Deadlines } from './deadlines.js'
import { ForwardingChecks } from './forwarding/runtime.js'
import { type CheckState, combine, isChanging, step } from './health.js'
import { Histogram, type HistogramReading } from './histogram.js'
import { LocalFaults } from './local-faults.js'
import { Names } from './names/runtime.js'
import { inconclusive, type Outcome, outcomeText } from './outcome.js'
import { Punctuality } from './punctuality.js'
import { buildRegistry, type CheckEntry, emptyRegistry, type ServerEntry } from './registry.js'
import { Schedule } from './schedule.js'
import { tallyOf } from './tally.js'
import { formatTarget } from './target.js'
import { pulse, type Run, stallThreshold, timeLimit } from './time-limit.js'
import { RunTime, type TimeUp } from './time-up.js'

export interface HealthcheckPorts {
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  /** Absent: a check that goes to a name is inconclusive. */
  readonly lookup?: NameLookup
  /** Absent: a check through the forwarding method is inconclusive. */
  readonly packets?: PacketPort
  /** Runs one check, of any kind. */
  readonly runCheck: Checker
}

export interface HealthcheckRuntime {
  /** Replaces what is checked; whatever did not change keeps its history and its slots. */
  configure(services: readonly VirtualServiceConfig[]): void
  /** Ends every run and every timer; nothing is emitted any more. */
  stop(): void
  status(): HealthcheckStatus
}

export interface CheckStatus {
  readonly subject: string
  readonly health: Health
  readonly reason: string
  /** What the last run found, which need not be enough for a verdict; undefined before the first. */
  readonly lastReason: string | undefined
  /** Milliseconds that the last run took; undefined before the first. */
  readonly lastDuration: number | undefined
}

export interface HealthcheckStatus {
  readonly servers: readonly (ServerHealth & { readonly checks: readonly CheckStatus[] })[]
  /** Distinct checks, and how many of them are running now. */
  readonly checks: number
  readonly running: number
  /** Runs finished, by what they found. */
  readonly passed: number
  readonly failed: number
  readonly inconclusive: number
  /** Slots without a run, because the previous one took too long or the process was stalled. */
  readonly missedSlots: number
  /** The latest start of a run after its slot, in milliseconds. */
  readonly maxLateness: number
  /** Sum of this process's own stalls, in milliseconds. */
  readonly stalled: number
  /** How long the runs took, and how long after its slot each began. */
  readonly durations: HistogramReading
  readonly lateness: HistogramReading
  /** What checks that pass warn of, and what this machine cannot do. */
  readonly warnings: readonly string[]
}

interface RunningCheck extends Run {
  readonly timeUp: RunTime
}

/**
 * Between two turns that start checks: those that are due within it start together. Waking up costs as much
 * as several checks.
 */
const gathering = millis(4)
/** Starts in one turn of the loop; then what has arrived is read before more are started. */
const startsPerTurn = 16
/** Between two warnings that checks cannot be run from here. */
const warnInterval = millis(10_000)
/** Between two that the machine does not keep up. */
const lateWarnInterval = millis(60_000)

/**
 * Emits a fact when a server's health changes, when its checks ask for another weight (not each little
 * change: `isWorthTelling`), and when an unhealthy server begins to fail in another way
 * (`since` then stays). A server starts as `unknown`, which is not emitted unless the same name was
 * something else before; one without checks is healthy at once.
 */
export function startHealthcheck(
  ports: HealthcheckPorts,
  emit: (fact: ServerHealth) => void,
): HealthcheckRuntime {
  return new Runtime(ports, emit)
}

class Runtime implements HealthcheckRuntime {
  private registry = emptyRegistry
  private readonly schedule: Schedule
  private readonly running = new Map<string, RunningCheck>()
  private readonly limits = new Deadlines()
  private readonly names: Names
  private readonly forwarding: ForwardingChecks
  /** What passing checks warn of now. */
  private warned = tallyOf([])
  private timer: { readonly timer: Timer; readonly at: Millis } | undefined
  private turnPending = false
  private nextTurn = millis(0)
  private stopped = false
  private stalled = millis(0)
  private maxLateness = 0
  private readonly durations = new Histogram()
  private readonly lateness = new Histogram()
  private readonly punctuality: Punctuality
  private readonly localFaults = new LocalFaults()
  private nextWarning: Millis
  private nextLateWarning: Millis
  private readonly counts = { passed: 0, failed: 0, inconclusive: 0 }

  constructor(
    private readonly ports: HealthcheckPorts,
    private readonly emit: (fact: ServerHealth) => void,
  ) {
    const [high = 0, low = 0] = ports.random(2)
    this.schedule = new Schedule((high * 256 + low) / 65536)
    this.nextWarning = ports.clock.now()
    this.nextLateWarning = this.nextWarning
    this.punctuality = new Punctuality(this.nextWarning)
    this.names = new Names(ports.clock, ports.log, ports.lookup)
    this.forwarding = new ForwardingChecks(ports.random, ports.packets)
  }

  configure(services: readonly VirtualServiceConfig[]): void {
    if (this.stopped) return
    const { clock } = this.ports
    const old = this.registry
    this.registry = buildRegistry(old, services, clock.wall())
    this.warned = tallyOf([...this.registry.checks.values()].flatMap(({ warning }) => warning ?? []))
    this.names.configure([...this.registry.checks.values()].map(({ target }) => target))
    for (const key of old.checks.keys()) if (!this.registry.checks.has(key)) this.forget(key)
    for (const { key, check } of this.registry.checks.values()) {
      this.schedule.add(key, check.interval, clock.now(), check.fastInterval)
    }
    let unchecked = 0
    for (const [key, server] of this.registry.servers) {
      const before = old.servers.get(key)
      if (before && before.health !== 'unknown' && server.health === 'unknown') this.emitFact(server)
      if (server.checks.length === 0 && server.health === 'unknown') unchecked += 1
      this.judge(server)
    }
    if (unchecked > 0) this.ports.log.info(`${unchecked} servers without a check count as healthy`)
    this.arm()
  }

  stop(): void {
    this.stopped = true
    this.timer?.timer.cancel()
    this.timer = undefined
    for (const key of this.registry.checks.keys()) this.forget(key)
    this.registry = emptyRegistry
  }

  status(): HealthcheckStatus {
    return {
      servers: [...this.registry.servers.values()].map((server) => ({
        ...factOf(server),
        checks: server.checks.map(({ subject, state, lastReason, lastDuration }) => ({
          subject,
          health: state.name,
          reason: state.reason,
          lastReason,
          lastDuration,
        })),
      })),
      checks: this.schedule.size,
      running: this.running.size,
      ...this.counts,
      missedSlots: this.schedule.missed,
      maxLateness: this.maxLateness,
      stalled: this.stalled,
      durations: this.durations.read(),
      lateness: this.lateness.read(),
      warnings: [...checkWarnings(this.registry.checks.values()), ...this.ownWarnings()],
    }
  }

  /** What this machine cannot do, which no server goes down for. */
  private ownWarnings(): readonly string[] {
    const now = this.ports.clock.now()
    const late = this.punctuality.warning(now)
    if (late !== undefined && now >= this.nextLateWarning) {
      this.nextLateWarning = after(now, lateWarnInterval)
      this.ports.log.warn(late)
    }
    return [...(late === undefined ? [] : [late]), ...this.localFaults.warnings(now)]
  }

  /** One real timer: the earliest slot or time limit, or the pulse that shows our own stalls. */
  private arm(now = this.ports.clock.now()): void {
    if (this.stopped || this.turnPending) return
    const { clock } = this.ports
    let at = this.schedule.nextDeadline()
    if (at !== undefined) at = millis(Math.max(at, this.nextTurn))
    if (this.running.size > 0) {
      at = millis(Math.min(at ?? Infinity, this.limits.next() ?? Infinity, after(now, pulse)))
      // Re-arming later than armed would let the pulse be pushed ahead for ever by checks that end.
      if (this.timer && this.timer.at <= at) return
    }
    if (at === this.timer?.at) return
    this.timer?.timer.cancel()
    this.timer = undefined
    if (at === undefined) return
    const due = Math.max(at, now)
    this.timer = {
      at,
      timer: clock.at(at, () => {
        this.timer = undefined
        const late = clock.now() - due
        if (late > stallThreshold) this.stalled = millis(this.stalled + late)
        this.readFirst()
      }),
    }
  }

  /** A late timer runs before what has waited in the sockets: read that, then look at the deadlines. */
  private readFirst(): void {
    this.turnPending = true
    this.ports.clock.afterPendingInput(() => {
      this.turnPending = false
      if (!this.stopped) this.turn()
    })
  }

  private turn(): void {
    const { clock } = this.ports
    let now = clock.now()
    this.nextTurn = after(now, gathering)
    for (let due = this.limits.takeDue(now); due; due = this.limits.takeDue(now))
      this.endOrExtend(due.key, now)
    const missed = this.schedule.missed
    let started = 0
    for (; started < startsPerTurn; started++) {
      const due = this.schedule.takeDue(now)
      if (!due) break
      this.maxLateness = Math.max(this.maxLateness, due.late)
      this.lateness.record(due.late)
      const entry = this.registry.checks.get(due.key)
      if (!entry) continue
      this.punctuality.started(due.late, entry.check.interval)
      this.start(entry, now)
      // A start costs time of its own, and the clock is asked for it once.
      now = clock.now()
    }
    // Those that a run of its own check missed are not counted here: that is no fault of this machine.
    this.punctuality.missed(this.schedule.missed - missed)
    if (started === startsPerTurn) this.readFirst()
    else this.arm(now)
  }

  private endOrExtend(key: string, now: Millis): void {
    const run = this.running.get(key)
    if (!run) return
    const limit = timeLimit(run, this.stalled)
    if (limit > now) this.limits.set(key, limit)
    else run.timeUp.abort()
  }

  private start(entry: CheckEntry, now: Millis): void {
    const { key, check } = entry
    const run: RunningCheck = {
      startedAt: now,
      timeout: check.timeout,
      stalledBefore: this.stalled,
      timeUp: new RunTime(),
    }
    this.running.set(key, run)
    this.limits.set(key, timeLimit(run, this.stalled))
    const failed = (error: unknown): void =>
      this.finish(key, run, inconclusive(`checker failed: ${String(error)}`))
    try {
      this.check(entry, run.timeUp).then((outcome) => this.finish(key, run, outcome), failed)
    } catch (error) {
      failed(error)
    }
  }

  private check({ check, target }: CheckEntry, timeUp: TimeUp): Promise<Outcome> {
    const { runCheck } = this.ports
    if ('virtual' in target) return this.forwarding.run(check, target, timeUp)
    const found = this.names.resolve(target, timeUp)
    if (!(found instanceof Promise)) return runCheck(check, found, timeUp)
    return found.then((reached) => ('pass' in reached ? reached : runCheck(check, reached, timeUp)))
  }

  private finish(key: string, run: RunningCheck, outcome: Outcome): void {
    // A check that was removed, or removed and added again, has no use for this answer.
    const entry = this.registry.checks.get(key)
    if (!entry || this.running.get(key) !== run) return
    const now = this.ports.clock.now()
    this.running.delete(key)
    this.limits.delete(key)
    entry.lastDuration = now - run.startedAt
    entry.lastReason = outcomeText(outcome)
    this.durations.record(entry.lastDuration)
    if (outcome.pass === undefined) this.localFaults.note(entry.subject, entry.lastReason, now)
    if (isSteady(entry.state) && isOutright(outcome)) this.hastenOthers(entry, now)
    this.count(entry, outcome, now)
    const { rise, fall } = entry.check
    const [state, effects] = step({ rise, fall, subject: entry.subject }, entry.state, outcome)
    entry.state = state
    // Not after an inconclusive one: who is short of descriptors should not ask more often.
    this.schedule.finished(key, now, outcome.pass !== undefined && isChanging(state))
    for (const server of entry.servers) if (effects.length > 0 || server.untold) this.judge(server)
    this.arm(now)
  }

  /** Of the same machine, those that have nothing against it yet: each at most once for a failure. */
  private hastenOthers({ key, host }: CheckEntry, now: Millis): void {
    for (const other of this.registry.hosts.get(host ?? '') ?? [])
      if (other.key !== key && isSteady(other.state)) this.schedule.hasten(other.key, now)
  }

  private count(entry: CheckEntry, outcome: Outcome, now: Millis): void {
    if (outcome.pass !== undefined) this.learnWarning(entry, outcome.pass ? outcome.warning : undefined)
    if (outcome.pass === undefined) this.counts.inconclusive++
    else if (outcome.pass) this.counts.passed++
    else this.counts.failed++
    if (outcome.pass !== undefined || now < this.nextWarning) return
    this.nextWarning = millis(now + warnInterval)
    const total = this.counts.inconclusive
    this.ports.log.warn(
      `${entry.subject}: cannot check from here, counted for no server: ${outcomeText(outcome)}`,
      { total },
    )
  }

  /** Told once; what is said of many servers is in the status. */
  private learnWarning(entry: CheckEntry, warning: string | undefined): void {
    const known = entry.warning
    if (warning === known) return
    entry.warning = warning
    if (known !== undefined) this.warned.remove(known)
    if (warning !== undefined && this.warned.add(warning) === 1)
      this.ports.log.warn(`${entry.subject} (${formatTarget(entry.target)}): ${warning}`)
  }

  private judge(server: ServerEntry): void {
    const states = server.checks.map((check) => check.state)
    const { health, reason } = combine(states, server)
    const changed = health !== server.health
    const moved = this.weigh(server, health, states, changed)
    if (!changed && !moved && (health !== 'unhealthy' || reason === server.reason)) {
      server.reason = reason
      return
    }
    const before = server.health
    server.health = health
    server.reason = reason
    if (changed) {
      server.since = this.ports.clock.wall()
      const text = `${server.service}/${server.server}: ${before} -> ${health}, ${reason}`
      if (health === 'unhealthy') this.ports.log.warn(text)
      // Those without a check are told together.
      else if (server.checks.length > 0 || before !== 'unknown') this.ports.log.info(text)
    }
    if (moved) {
      const { weight, asked, told } = server
      const by = asked?.by ?? 'no check asks for another'
      this.ports.log.info(`${server.service}/${server.server}: weight ${told?.weight} of ${weight}, ${by}`)
    }
    this.emitFact(server)
  }

  /** Takes what the checks ask for; answers whether a weight other than before is to be told now. */
  private weigh(
    server: ServerEntry,
    health: Health,
    states: readonly CheckState[],
    healthChanged: boolean,
  ): boolean {
    const { weight: configured, told } = server
    const asked = health === 'healthy' ? leastAsked(states, configured) : undefined
    server.untold = false
    if (health !== 'healthy' || (asked === undefined && told === undefined)) {
      server.asked = undefined
      server.told = undefined
      return false
    }
    const now = this.ports.clock.now()
    const weight = asked ? weightAsked(asked.weight, configured) : configured
    if (!healthChanged && !isWorthTelling(told, weight, configured, now)) {
      server.untold = weight !== told?.weight
      return false
    }
    server.asked = asked
    server.told = { weight, at: now }
    return true
  }

  private emitFact(server: ServerEntry): void {
    this.emit(factOf(server))
  }

  private forget(key: string): void {
    this.schedule.remove(key)
    this.limits.delete(key)
    const run = this.running.get(key)
    this.running.delete(key)
    run?.timeUp.abort()
  }
}

/** Healthy, and the last run agrees. */
const isSteady = (state: CheckState): boolean => state.name === 'healthy' && !isChanging(state)

function factOf(server: ServerEntry): ServerHealth {
  const { service, server: name, health, reason, since, asked } = server
  return { service, server: name, health, reason, since, ...(asked && { asked }) }
}
