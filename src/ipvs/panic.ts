/**
 * Many servers of a service that fail at once: rather the check, or the network to it, than the servers. They
 * are served on, for taking them out would be the outage.
 *
 * No state traps. Whoever recovers is believed at once, and when few enough are left, all are. Where somebody
 * else could serve (a healthy server, the sorry server), the failures are believed after `patience`, however
 * many they are. Where nobody could, going on costs nothing.
 */
import { after, type Millis, millis } from '../base/units.js'

export interface PanicParams {
  /** Share of the servers that were up, more than 0 and less than 1; more than this is too much. */
  readonly threshold: number
  /** What fails within this fails at once: the time that a verdict takes. */
  readonly window: Millis
}

export type PanicState =
  | { readonly name: 'calm'; readonly failed: readonly Failure[] }
  | {
      readonly name: 'panic'
      readonly since: Millis
      /** When the failures are believed; undefined while nobody else could serve. */
      readonly until: Millis | undefined
      readonly suspects: readonly string[]
    }

interface Failure {
  readonly server: string
  readonly at: Millis
}

export type PanicEvent =
  /** They were up, and their checks say that they are down. */
  | { readonly type: 'failed'; readonly servers: readonly string[] }
  /** They are up again, or nobody's business any more: gone from the file, or out by an operator's word. */
  | { readonly type: 'returned'; readonly servers: readonly string[] }
  | { readonly type: 'timePassed' }

/** Who could serve besides, after the event. */
export interface Others {
  /** Servers that are up, counted as far as `most`: there may be thousands. */
  upTo(most: number): number
  readonly sorry: boolean
}

export type PanicEffect =
  | { readonly type: 'panicBegan'; readonly failed: number }
  /** `believed`: they did not come back in time. */
  | { readonly type: 'panicEnded'; readonly why: 'returned' | 'believed'; readonly down: number }

export const patience = millis(300_000)
export const calm: PanicState = { name: 'calm', failed: [] }

export function step(
  params: PanicParams,
  state: PanicState,
  event: PanicEvent,
  others: Others,
  now: Millis,
): readonly [PanicState, readonly PanicEffect[]] {
  switch (state.name) {
    case 'calm': {
      if (event.type === 'timePassed') return [state, []]
      const named = new Set(event.servers)
      const failed = state.failed.filter(({ server, at }) => !named.has(server) && inWindow(at))
      if (event.type === 'returned') return [failed.length === 0 ? calm : { name: 'calm', failed }, []]
      for (const server of named) failed.push({ server, at: now })
      if (!tooMany(params, failed.length, others)) return [{ name: 'calm', failed }, []]
      const suspects = failed.map(({ server }) => server)
      const until = deadline(undefined, others, now)
      return [
        { name: 'panic', since: now, until, suspects },
        [{ type: 'panicBegan', failed: suspects.length }],
      ]
    }
    case 'panic': {
      const suspects = suspectsAfter(state.suspects, event)
      const down = suspects.length
      if (!tooMany(params, down, others)) return [calm, [{ type: 'panicEnded', why: 'returned', down }]]
      const until = deadline(state.until, others, now)
      if (until !== undefined && until <= now) return [calm, [{ type: 'panicEnded', why: 'believed', down }]]
      if (until === state.until && suspects === state.suspects) return [state, []]
      return [{ ...state, until, suspects }, []]
    }
  }

  function inWindow(at: Millis): boolean {
    return now - at < params.window
  }
}

/** One alone proves nothing about the check. */
function tooMany({ threshold }: PanicParams, down: number, others: Others): boolean {
  const enough = Math.ceil(down / threshold - down)
  return down >= 2 && down > threshold * (down + others.upTo(enough))
}

/** The same list where nothing changes. */
function suspectsAfter(suspects: readonly string[], event: PanicEvent): readonly string[] {
  if (event.type === 'timePassed') return suspects
  const named = new Set(event.servers)
  const rest = suspects.filter((server) => !named.has(server))
  if (event.type === 'returned') return rest.length === suspects.length ? suspects : rest
  return suspects.length - rest.length === named.size ? suspects : [...rest, ...named]
}

const deadline = (until: Millis | undefined, others: Others, now: Millis): Millis | undefined =>
  others.upTo(1) > 0 || others.sorry ? (until ?? after(now, patience)) : undefined
