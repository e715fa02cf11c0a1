/** Tells people (log) and the other processes (facts) what became of the table. */
import type { KernelChange } from '../base/kernel-change.js'
import type { Clock, Log } from '../base/ports.js'
import type { Millis } from '../base/units.js'
import { describeDrift } from './change.js'
import type { OperationResult } from './client.js'
import { sameDaemon } from './compare.js'
import type { IpvsFact, JudgementFact } from './facts.js'
import type { Daemon, ObservedTable } from './model.js'
import { describeOperation, type Operation } from './operation.js'

/** Changes named one by one. */
const MOST_LINES = 20

export interface DriftRepaired {
  /** Of the clock that all processes of a machine share. */
  readonly at: Millis
  /** A line each, as `tcp 10.0.0.100:80, 10.0.0.21:80: weight 3 -> 100`; the first few. */
  readonly changes: readonly string[]
}

export class Reporter {
  /** The table has been the desired one at least once. */
  reconciled = false
  /** Changes by somebody else that were undone. */
  drift = 0
  /** The last time that there were any. */
  lastDrift: DriftRepaired | undefined
  private daemonsStood = false
  private readonly begun: Millis

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly emit: (fact: IpvsFact) => void,
  ) {
    this.begun = clock.now()
  }

  changed(results: readonly OperationResult[]): void {
    const done = results.filter(({ code }) => code === 'OK').map(({ operation }) => operation)
    for (const line of named(done, describeOperation)) this.log.info(line)
  }

  judged(facts: readonly JudgementFact[]): void {
    for (const fact of facts) {
      const { good, text } = judged(fact)
      if (good) this.log.info(`${text}: ${fact.reason}`)
      else this.log.warn(`${text}: ${fact.reason}`)
      this.emit(fact)
    }
  }

  driftRepaired(changes: readonly KernelChange[]): void {
    if (changes.length === 0) return
    this.drift += changes.length
    const lines = named(changes, describeDrift)
    this.lastDrift = { at: this.clock.now(), changes: lines }
    for (const line of lines) this.log.warn(`somebody else changed the table, repaired: ${line}`)
    this.emit({ type: 'driftRepaired', changes: lines })
  }

  /** After the first pass that left the table as desired; `failed` operations were refused. */
  stands(declared: readonly string[], table: ObservedTable, changes: number, failed: number): void {
    if (this.reconciled) return
    this.reconciled = true
    const services = declared.length
    const servers = declared.reduce((sum, id) => sum + (table.services.get(id)?.destinations.size ?? 0), 0)
    const took = Math.round(this.clock.now() - this.begun)
    const how = changes === 0 ? 'adopted as it was' : `${changes} changes in ${took} ms`
    const but = failed === 0 ? '' : `, ${failed} refused`
    this.log.info(`the table stands: ${services} services, ${servers} servers, ${how}${but}`)
    this.emit({ type: 'reconciled', services, servers, changes, failed })
  }

  daemons(desired: readonly Daemon[], actual: readonly Daemon[], planned: readonly Operation[]): void {
    const stands = (one: Daemon) => actual.some((it) => it.role === one.role && sameDaemon(it, one))
    const stand = desired.length > 0 && desired.every(stands)
    const anew = !this.daemonsStood || planned.some(({ kind }) => kind === 'newDaemon')
    this.daemonsStood = stand
    const [master, backup] = desired
    if (!stand || !anew || master === undefined || backup === undefined) return
    const { syncId: masterSyncId, interface: on } = master
    this.log.info(`sync daemons on ${on}: sends as ${masterSyncId}, hears ${backup.syncId}`)
    this.emit({ type: 'syncDaemonsStarted', masterSyncId, backupSyncId: backup.syncId })
  }
}

function judged(fact: JudgementFact): { readonly good: boolean; readonly text: string } {
  const { service } = fact
  switch (fact.type) {
    case 'quorumChanged':
      return { good: fact.reached, text: `${service}: quorum ${fact.reached ? 'reached' : 'lost'}` }
    case 'panicChanged':
      return { good: !fact.panic, text: `${service}: ${fact.panic ? 'PANIC' : 'panic is over'}` }
    case 'serverHeld':
      return {
        good: !fact.held,
        text: `${service}/${fact.server}: ${fact.held ? '' : 'no longer '}held down`,
      }
  }
}

function named<T>(all: readonly T[], describe: (one: T) => string): readonly string[] {
  const lines = all.slice(0, MOST_LINES).map(describe)
  return all.length > MOST_LINES ? [...lines, `${all.length - MOST_LINES} changes more`] : lines
}
