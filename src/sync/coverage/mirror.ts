/**
 * The sessions that this director knows to be in its kernel: what the kernel told live, what the peer told and
 * went in, and what a look at the table found. It is asked what the kernel itself can only be asked slowly, for
 * reading the kernel's table takes a time that grows with the square of its size (10,000 rows 27 ms, 78,800
 * 4.8 s; Linux 6.1).
 *
 * Grown in place: a copy for each of a million records would take for ever.
 */
import { after, type Millis, millis } from '../../base/units.js'
import { connectionKey, recordFlags } from '../kernel-record.js'

/** Sessions are spread over this many by their hash. */
export const bucketCount = 256

export interface Session {
  readonly key: string
  readonly record: Uint8Array
  /** When it was first heard of. */
  readonly since: Millis
  /** When the kernel drops it unless more is heard. */
  readonly expires: Millis
}

export class Mirror {
  private readonly buckets: Map<string, Session>[] = Array.from({ length: bucketCount }, () => new Map())
  private count = 0
  /** Told, and not kept, because there was no room. */
  refused = 0

  /** `limit`: sessions; about 250 bytes each. */
  constructor(readonly limit: number) {}

  get size(): number {
    return this.count
  }

  has(key: string): boolean {
    return this.bucketOf(key).has(key)
  }

  /** The newest word on a session. False when there is no room for one more. */
  note(record: Uint8Array, now: Millis): boolean {
    const key = connectionKey(record)
    const bucket = this.bucketOf(key)
    const known = bucket.get(key)
    if (!known && this.count >= this.limit) {
      this.refused++
      return false
    }
    if (!known) this.count++
    bucket.set(key, { key, record, since: known?.since ?? now, expires: after(now, lifetime(record)) })
    return true
  }

  /** It is still in the kernel, which says no more about it than that. */
  seen(record: Uint8Array, now: Millis): boolean {
    const key = connectionKey(record)
    const bucket = this.bucketOf(key)
    const known = bucket.get(key)
    if (!known) return this.note(record, now)
    bucket.set(key, { ...known, expires: after(now, lifetime(record)) })
    return true
  }

  /** The kernel has not got it. */
  forget(key: string): void {
    if (this.bucketOf(key).delete(key)) this.count--
  }

  /** The sessions of one bucket that have not ended; those that have are dropped on the way. */
  bucket(index: number, now: Millis): readonly Session[] {
    const bucket = this.buckets[index]
    if (!bucket) return []
    const alive: Session[] = []
    for (const session of bucket.values()) {
      if (session.expires > now) alive.push(session)
      else this.forget(session.key)
    }
    return alive
  }

  *sessions(now: Millis): Generator<Session> {
    for (let index = 0; index < bucketCount; index++) yield* this.bucket(index, now)
  }

  private bucketOf(key: string): Map<string, Session> {
    const bucket = this.buckets[hashOf(key, 0) % bucketCount]
    if (!bucket) throw new RangeError('no such bucket')
    return bucket
  }
}

/**
 * FNV-1a, 32 bits. With another seed each time that two directors compare, two sessions that look like one are
 * told apart the next time.
 */
export function hashOf(key: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  // The last bytes reach the low bits only; they choose the bucket.
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 0
}

/**
 * The kernel's own, in seconds, by state (ip_vs_proto_tcp.c, tcp_timeouts; ip_vs_proto_udp.c): for records that
 * say 0.
 */
const tcpSeconds = [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120]
const udpSeconds = 300
const otherSeconds = 900

function lifetime(record: Uint8Array): Millis {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const told = view.getUint32(20)
  if (told > 0) return millis(told * 1000)
  const template = (view.getUint32(4) & recordFlags.template) !== 0
  if (template || record[1] === 132) return millis(otherSeconds * 1000)
  return millis((record[1] === 17 ? udpSeconds : (tcpSeconds[view.getUint16(8)] ?? otherSeconds)) * 1000)
}
