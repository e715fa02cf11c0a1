/** Tells people (log) and the other processes (facts) what became of the table. */
import type { Log } from '../base/ports.js'
import type { OperationResult } from './client.js'
import { sameDaemon } from './compare.js'
import type { IpvsFact } from './facts.js'
import type { Daemon, ObservedTable } from './model.js'
import { describeOperation, type Operation } from './operation.js'

/** Changes named in the log one by one. */
const MOST_LINES = 20

export class Reporter {
  /** The table has been the desired one at least once. */
  reconciled = false
  /** Changes by somebody else that were undone. */
  drift = 0
  private daemonsStood = false

  constructor(
    private readonly log: Log,
    private readonly emit: (fact: IpvsFact) => void,
  ) {}

  changed(results: readonly OperationResult[]): void {
    const done = results.filter(({ code }) => code === 'OK').map(({ operation }) => operation)
    this.list(done, (line) => this.log.info(line))
  }

  driftRepaired(planned: readonly Operation[]): void {
    if (planned.length === 0) return
    this.drift += planned.length
    this.list(planned, (line) => this.log.warn(`somebody else changed the table, repaired: ${line}`))
    this.emit({ type: 'driftRepaired', changes: planned.map(describeOperation) })
  }

  /** After the first pass that left the table as desired; `failed` operations were refused. */
  stands(declared: readonly string[], table: ObservedTable, changes: number, failed: number): void {
    if (this.reconciled) return
    this.reconciled = true
    const services = declared.length
    const servers = declared.reduce((sum, id) => sum + (table.services.get(id)?.destinations.size ?? 0), 0)
    const how = changes === 0 ? 'adopted as it was' : `${changes} changes`
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

  private list(operations: readonly Operation[], write: (line: string) => void): void {
    for (const operation of operations.slice(0, MOST_LINES)) write(describeOperation(operation))
    if (operations.length > MOST_LINES) write(`${operations.length - MOST_LINES} changes more`)
  }
}
