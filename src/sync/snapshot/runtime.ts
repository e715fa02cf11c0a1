/** Both ends of the snapshot on their ports: asking the peer for its table, and telling it ours. */
import type { SyncReadiness } from '../../base/facts.js'
import type { Clock, Log, Timer } from '../../base/ports.js'
import { unreachable } from '../../base/result.js'
import { after, millis } from '../../base/units.js'
import { connectionKey } from '../kernel-record.js'
import { packed } from '../packed.js'
import type { RelayMessage, SnapshotEnd, SnapshotRequest, SnapshotRows } from '../relay-message.js'
import {
  type AskEffect,
  type AskEvent,
  type AskState,
  askDeadline,
  readinessOf,
  startAsking,
  stepAsk,
} from './ask.js'
import { TableLines } from './table-lines.js'
import type { Persistence, RowProblem } from './table-row.js'

/** Sixteen messages of 35 rows, then a rest for both ends: 100,000 rows take about a second. */
const pace = { messages: 16, rest: millis(5) } as const

export type TableChunks = AsyncIterable<Uint8Array>

export interface SnapshotPorts {
  readonly clock: Clock
  readonly log: Log
  /** /proc/net/ip_vs_conn from its beginning; iterating rejects when it cannot be read. */
  readonly readConnectionTable: () => TableChunks
}

/** What the snapshot asks of the relay it belongs to. */
export interface SnapshotHost {
  readonly syncId: number
  readonly persistence: Persistence
  /** False when there is no session. */
  send(message: RelayMessage): boolean
  inject(records: readonly Uint8Array[]): void
  /** Datagrams not yet given to the kernel, and live messages that never came. */
  load(): { readonly waiting: number; readonly lost: number }
  readinessChanged(readiness: SyncReadiness): void
}

export interface SnapshotCounts {
  /** Rows told to the peer, in all. */
  rowsSent: number
  /** Of them those of our table that could not be told, by reason. */
  readonly skipped: Partial<Record<RowProblem, number>>
}

export class Snapshot {
  readonly counts: SnapshotCounts = { rowsSent: 0, skipped: {} }
  readiness: SyncReadiness = readinessOf(startAsking, '')
  private state: AskState = startAsking
  private timer: Timer | undefined
  /** The request that is being answered; a later one ends the earlier one's answer. */
  private serving = 0
  private stopped = false

  constructor(
    private readonly ports: SnapshotPorts,
    private readonly host: SnapshotHost,
  ) {}

  /** The kernel's daemons run and a session with the peer has begun. */
  begin(): void {
    this.serving = 0
    this.ask({ type: 'begin', lost: this.host.load().lost })
  }

  live(records: readonly Uint8Array[]): void {
    // Most of the time nobody asks; the live stream must not pay for it.
    if ('run' in this.state) this.ask({ type: 'live', records })
  }

  receive(message: SnapshotRequest | SnapshotRows | SnapshotEnd): void {
    switch (message.kind) {
      case 'request':
        if (message.id !== this.serving) void this.serve(message.id)
        return
      case 'rows':
        this.ask({ type: 'rows', id: message.id, records: message.records })
        return
      case 'end':
        this.ask({ type: 'end', id: message.id, rows: message.rows })
        return
      default:
        unreachable(message)
    }
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
  }

  private ask(event: AskEvent): void {
    if (this.stopped) return
    const before = this.state
    const [state, effects] = stepAsk(before, event, this.ports.clock.now())
    this.state = state
    if (state.name !== before.name) this.tell()
    for (const effect of effects) this.perform(effect)
    this.arm()
  }

  private perform(effect: AskEffect): void {
    switch (effect.type) {
      case 'readTable':
        void this.readTable(effect.id)
        return
      case 'request':
        this.host.send({ kind: 'request', id: effect.id })
        return
      case 'inject':
        this.host.inject(effect.records)
        return
      default:
        unreachable(effect)
    }
  }

  private tell(): void {
    const asOf = new Date(this.ports.clock.wall()).toISOString().slice(0, 19)
    const readiness = readinessOf(this.state, `${asOf}Z`)
    if (readiness.reason === this.readiness.reason) return
    this.readiness = readiness
    this.ports.log.info(`sync: ${readiness.reason}`)
    this.host.readinessChanged(readiness)
  }

  private arm(): void {
    this.timer?.cancel()
    const deadline = askDeadline(this.state)
    this.timer =
      deadline === undefined
        ? undefined
        : this.ports.clock.at(deadline, () => {
            this.ports.clock.afterPendingInput(() => this.ask({ type: 'tick', ...this.host.load() }))
          })
  }

  private async readTable(id: number): Promise<void> {
    const keys = new Set<string>()
    const none = () => undefined
    const lines = new TableLines(none, none)
    try {
      for await (const chunk of this.ports.readConnectionTable()) {
        for (const record of lines.records(chunk)) keys.add(connectionKey(record))
      }
    } catch (error) {
      this.complain(error)
      this.ask({ type: 'table', id, keys: undefined })
      return
    }
    this.ask({ type: 'table', id, keys })
  }

  private async serve(id: number): Promise<void> {
    this.serving = id
    const told = new Set<string>()
    try {
      // Twice, because the kernel counts its way to where the last read ended: an entry that goes meanwhile
      // makes it skip another one, and one that comes makes it repeat one.
      for (let pass = 0; pass < 2; pass++) if (!(await this.tellTable(id, told, pass))) return
    } catch (error) {
      // Without an end the peer asks again.
      this.complain(error)
      return
    }
    this.counts.rowsSent += told.size
    this.host.send({ kind: 'end', syncId: this.host.syncId, id, rows: told.size })
  }

  /** Sends what is not in `told` and adds it; false when nobody wants it any more. */
  private async tellTable(id: number, told: Set<string>, pass: number): Promise<boolean> {
    const { syncId, persistence } = this.host
    const count = (problem: RowProblem) => {
      if (pass === 0) this.counts.skipped[problem] = (this.counts.skipped[problem] ?? 0) + 1
    }
    const lines = new TableLines(persistence, count)
    let messages = 0
    for await (const chunk of this.ports.readConnectionTable()) {
      const part = lines.records(chunk).filter((record) => isNew(told, record))
      for (const records of packed(part)) {
        if (!this.host.send({ kind: 'rows', syncId, id, records })) return false
        if (++messages % pace.messages === 0) await this.rest()
        if (this.stopped || this.serving !== id) return false
      }
    }
    return !this.stopped && this.serving === id
  }

  private complain(error: unknown): void {
    this.ports.log.warn(`sync: cannot read the connection table: ${String(error)}`)
  }

  private rest(): Promise<void> {
    const { clock } = this.ports
    return new Promise((resolve) => clock.at(after(clock.now(), pace.rest), resolve))
  }
}

/** Whether `told` did not have it; it has now. */
function isNew(told: Set<string>, record: Uint8Array): boolean {
  const { size } = told
  return told.add(connectionKey(record)).size > size
}
