/** Which discards a person should hear of, in words: each at once, then at most once a minute, and while they go on. */
import { after, type Millis, millis } from '../base/units.js'
import type { PairDiscard } from './session.js'

const repeatAfter = millis(60_000)
/** Whoever asks for a session asks each second. */
const goesOnFor = 5_000

/** Damage, duplicates and echoes of a restart are ordinary: those are counted only. */
const texts: Readonly<Partial<Record<PairDiscard, string>>> = {
  key: 'uses a different pair key or pair name: give both the same key_file',
  authentication:
    'sent a datagram that is forged or damaged, or the two files name the directors differently',
  version: 'speaks another version of the pair protocol: run the same vipair on both',
  source: 'is not the peer, and its datagrams are dropped',
  magic: 'sends something else than the pair protocol',
  truncated: 'sends datagrams that are too short for the pair protocol',
  oversize: 'sends datagrams that are too long for the pair protocol',
  type: 'sends pair datagrams of a kind that this version does not know',
  rate: 'offers more sessions than one director would; some go unanswered',
}

interface Memory {
  quietUntil: Millis
  unsaid: number
  /** Of the latest. */
  at: Millis
  line: string
}

export class DiscardWarnings {
  private readonly memory = new Map<PairDiscard, Memory>()

  /** What to log now about a datagram of `source`, if anything. */
  text(reason: PairDiscard, source: () => string, now: Millis): string | undefined {
    const text = texts[reason]
    if (text === undefined) return undefined
    const memory = this.memory.get(reason)
    const line = `${source()} ${text}`
    if (memory && now < memory.quietUntil) {
      memory.unsaid++
      memory.at = now
      memory.line = line
      return undefined
    }
    this.memory.set(reason, { quietUntil: after(now, repeatAfter), unsaid: 0, at: now, line })
    const more = memory?.unsaid ? ` (${memory.unsaid} more since the last report)` : ''
    return `${line}${more}`
  }

  /** What goes on now. */
  current(now: Millis): readonly { readonly reason: PairDiscard; readonly text: string }[] {
    return [...this.memory].flatMap(([reason, { at, line }]) =>
      now - at < goesOnFor ? [{ reason, text: line }] : [],
    )
  }
}
