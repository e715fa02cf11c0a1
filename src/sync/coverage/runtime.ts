/** The mirror and the audit on their ports: what the peer lacks is found, sent again and counted. */
import type { Clock, Log, Random, Timer } from '../../base/ports.js'
import { after, type Millis, millis } from '../../base/units.js'
import { connectionKey } from '../kernel-record.js'
import { packed } from '../packed.js'
import type { RelayMessage, Repair } from '../relay-message.js'
import type { TableChunks } from '../snapshot/runtime.js'
import { TableLines } from '../snapshot/table-lines.js'
import type { Persistence } from '../snapshot/table-row.js'
import {
  type AuditEffect,
  type AuditEvent,
  type AuditMessage,
  type AuditState,
  auditDeadline,
  coverageOf,
  startAudit,
  stepAudit,
} from './audit.js'
import { Mirror } from './mirror.js'

/** Of the mirror; a session beyond it still travels live, but is not counted. */
const mostSessions = 500_000
/** Between two looks at the kernel's table. */
const leastLookInterval = millis(5_000)
/** A look may take this share of the time: a large table takes long to read. */
const lookShare = 0.02
/** What is younger may have come after the look began. */
const youngInLook = millis(1_000)

export interface CoveragePorts {
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  /** /proc/net/ip_vs_conn from its beginning; iterating rejects when it cannot be read. */
  readonly readConnectionTable: () => TableChunks
}

export interface CoverageHost {
  readonly syncId: number
  readonly persistence: Persistence
  /** False when there is no session. */
  send(message: RelayMessage): boolean
  inject(records: readonly Uint8Array[]): void
}

export interface CoverageStatus {
  /** Of this director's sessions, those that the peer holds: 0 to 1; null while that is not known. */
  readonly share: number | null
  /** Sessions known here. */
  readonly sessions: number
  /** Of them those that the peer lacks. */
  readonly lacking: number
  /** Milliseconds since the peer began to lack any; null: it lacks none. */
  readonly lackingFor: number | null
  /** Sessions that were sent to the peer once more, and those that the peer sent once more. */
  readonly repairsSent: number
  readonly repairsReceived: number
  /** Sessions that are not counted, for there are too many. */
  readonly uncounted: number
}

export class Coverage {
  private readonly mirror = new Mirror(mostSessions)
  private state: AuditState
  private timer: Timer | undefined
  private looking: Timer | undefined
  /** Not found by the last look. */
  private absent: ReadonlySet<string> = new Set()
  private repairsSent = 0
  private repairsReceived = 0
  private full = false
  private stopped = false

  constructor(
    private readonly ports: CoveragePorts,
    private readonly host: CoverageHost,
  ) {
    this.state = startAudit(ports.clock.now())
  }

  /** The kernel's daemons run. */
  start(): void {
    if (this.timer || this.stopped) return
    this.arm()
    void this.look()
  }

  /** A session with the peer began: what it holds is not known. */
  begin(): void {
    this.run({ type: 'begin' })
  }

  /** In this director's kernel, now or in a moment. */
  note(records: readonly Uint8Array[]): void {
    const now = this.ports.clock.now()
    for (const record of records) {
      if (this.mirror.note(record, now) || this.full) continue
      this.full = true
      const text = `sync: more than ${mostSessions} sessions: those beyond are carried, but not counted`
      this.ports.log.warn(text)
    }
  }

  receive(message: AuditMessage | Repair): void {
    if (message.kind !== 'repair') {
      this.run({ type: 'message', message })
      return
    }
    const wanted = message.records.filter((record) => !this.mirror.has(connectionKey(record)))
    if (wanted.length === 0) return
    this.repairsReceived += wanted.length
    this.note(wanted)
    this.host.inject(wanted)
  }

  status(): CoverageStatus {
    const { share, lacking } = coverageOf(this.state)
    const { lackingSince } = this.state
    return {
      share: share ?? null,
      sessions: this.mirror.size,
      lacking,
      lackingFor: lackingSince === undefined ? null : this.ports.clock.now() - lackingSince,
      repairsSent: this.repairsSent,
      repairsReceived: this.repairsReceived,
      uncounted: this.mirror.refused,
    }
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.looking?.cancel()
  }

  private run(event: AuditEvent): void {
    if (this.stopped) return
    const { clock, random } = this.ports
    const seed = () => new DataView(random(4).slice().buffer).getUint32(0)
    const [state, effects] = stepAudit(this.mirror, this.state, event, clock.now(), seed)
    this.state = state
    for (const effect of effects) this.perform(effect)
    if (this.timer) this.arm()
  }

  private perform(effect: AuditEffect): void {
    if (effect.type === 'repair') {
      this.repairsSent += effect.records.length
      for (const records of packed(effect.records))
        this.host.send({ kind: 'repair', syncId: this.host.syncId, records })
      return
    }
    // Nobody there: whatever was known of the peer is not known any more.
    if (!this.host.send(effect.message))
      this.state = { ...startAudit(this.ports.clock.now()), rounds: this.state.rounds }
  }

  private arm(): void {
    const { clock } = this.ports
    this.timer?.cancel()
    this.timer = clock.at(auditDeadline(this.state), () =>
      clock.afterPendingInput(() => this.run({ type: 'tick' })),
    )
  }

  /**
   * The kernel's table is the truth: it has sessions that it never tells (handshakes, those from before its
   * daemon), and lacks some that it should have, when a socket was full.
   */
  private async look(): Promise<void> {
    const { clock } = this.ports
    const began = clock.now()
    const found = new Set<string>()
    const lines = new TableLines(this.host.persistence, () => undefined)
    try {
      for await (const chunk of this.ports.readConnectionTable()) {
        if (this.stopped) return
        for (const record of lines.records(chunk)) {
          found.add(connectionKey(record))
          this.mirror.seen(record, clock.now())
        }
      }
      this.forgetAbsent(found, began)
    } catch (error) {
      this.ports.log.warn(`sync: cannot read the connection table: ${String(error)}`)
    }
    if (this.stopped) return
    const wait = Math.max(leastLookInterval, (clock.now() - began) / lookShare)
    this.looking = clock.at(after(clock.now(), millis(wait)), () => void this.look())
  }

  /**
   * Twice in a row, because the kernel counts its way to where the last read ended: an entry that goes
   * meanwhile makes it skip another one.
   */
  private forgetAbsent(found: ReadonlySet<string>, began: Millis): void {
    const absent = new Set<string>()
    for (const { key, since } of this.mirror.sessions(began)) {
      if (found.has(key) || after(since, youngInLook) > began) continue
      if (this.absent.has(key)) this.mirror.forget(key)
      else absent.add(key)
    }
    this.absent = absent
  }
}
