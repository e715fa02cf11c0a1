/**
 * Several ways to the same peer under one session: what goes out goes out on each, the first copy that
 * arrives counts, and which of them work is known by the copies.
 */
import type { Millis } from '../base/units.js'
import { aeadTagLength } from './aead.js'
import { pairTimes } from './session.js'

/** A copy on a slower path arrives within this time of the first. */
const copiesWithin = 1_000
/** Datagrams remembered for their copies: a second of adverts at the shortest interval, and some. */
const remembered = 512

export class Paths {
  private readonly lastSeen: (Millis | undefined)[]
  /** By authentication tag, oldest first. A copy needs no second look: nobody else can have made its tag. */
  private readonly first = new Map<string, { readonly path: number; readonly at: Millis }>()

  constructor(readonly count: number) {
    this.lastSeen = new Array<Millis | undefined>(count).fill(undefined)
  }

  /** True: another path has brought the same datagram a moment ago, and this one works as well. */
  isCopy(path: number, datagram: Uint8Array, now: Millis): boolean {
    if (this.count < 2) return false
    const known = this.first.get(tagOf(datagram))
    if (!known || known.path === path || now - known.at > copiesWithin) return false
    this.lastSeen[path] = now
    return true
  }

  /** The datagram was authentic. */
  accepted(path: number, datagram: Uint8Array, now: Millis): void {
    this.lastSeen[path] = now
    if (this.count < 2) return
    this.first.set(tagOf(datagram), { path, at: now })
    if (this.first.size <= remembered) return
    for (const oldest of this.first.keys()) {
      this.first.delete(oldest)
      return
    }
  }

  isReachable(path: number, now: Millis): boolean {
    const seen = this.lastSeen[path]
    return seen !== undefined && now - seen < pairTimes.silence
  }

  lastSeenSeconds(path: number, now: Millis): number | undefined {
    const seen = this.lastSeen[path]
    return seen === undefined ? undefined : (now - seen) / 1000
  }

  /** The first that works; the first of all when none is known to. */
  best(now: Millis): number {
    for (let path = 0; path < this.count; path++) if (this.isReachable(path, now)) return path
    return 0
  }
}

const tagOf = (datagram: Uint8Array): string =>
  Buffer.from(datagram.subarray(Math.max(0, datagram.length - aeadTagLength))).toString('latin1')
