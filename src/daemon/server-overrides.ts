/** What operators ask of real servers at run time, here and on the peer: remembered before it is done. */
import type { AdminAction, ServerOverride } from '../base/facts.js'
import type { Log } from '../base/ports.js'
import { OpError } from '../base/result.js'
import type { Millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { healthKey } from './health-key.js'
import type { OverrideFile, RememberedWord } from './override-file.js'
import { newerWords, nextCounter, type OperatorWord, withoutOldEnables } from './peer/operator-word.js'
import { Refusal } from './refusal.js'

export interface ServerOrder {
  readonly service: string
  readonly server: string
  readonly action: AdminAction | 'enable'
  /** With `weight`. */
  readonly weight: number | undefined
  readonly reason: string | undefined
}

/** When an order is given: `wall` is milliseconds since the epoch. */
export interface OrderTime {
  readonly now: Millis
  readonly wall: number
}

/** What came of the peer's words. */
export interface Heard {
  /** Another word stands now for some server. */
  readonly changed: boolean
  /** The file has it: only then may the peer forget that it said it. */
  readonly remembered: boolean
}

type Services = readonly VirtualServiceConfig[]
type Words = ReadonlyMap<string, RememberedWord>

/** Whatever the peer says, it fills no memory: more servers than one director has. */
const mostWords = 40_000
/** Words `enable` that are remembered, against older words that the peer may still hold. */
const mostEnables = 1_000

export class ServerOverrides {
  /** By `healthKey`. */
  private known: Words
  /** The file is behind. */
  private unwritten = false
  private warned = false

  constructor(
    private readonly file: Pick<OverrideFile, 'read' | 'write'>,
    private readonly log: Log,
    /** Name of this director. */
    private readonly director: string,
    now: Millis,
  ) {
    this.known = mapOf(file.read(now))
  }

  /** Those that stand, of servers that the file has not as well. */
  get all(): readonly ServerOverride[] {
    return [...this.known.values()].flatMap((word) => overrideOf(word) ?? [])
  }

  /** `enable` included: what the peer has to know. By `healthKey`. */
  get words(): ReadonlyMap<string, OperatorWord> {
    return this.known
  }

  of(service: string, server: string): ServerOverride | undefined {
    const word = this.known.get(healthKey(service, server))
    return word && overrideOf(word)
  }

  /** The director where it was said; undefined where nothing stands. */
  saidAt(service: string, server: string): string | undefined {
    const word = this.known.get(healthKey(service, server))
    return word && word.action !== 'enable' && word.director !== '' ? word.director : undefined
  }

  /** Throws `Refusal`: for a name that the file does not have, and when it cannot be remembered. */
  order({ service, server, action, weight, reason }: ServerOrder, services: Services, time: OrderTime): void {
    const key = healthKey(service, server)
    // What stands for a server that only the peer's file has can be taken back here too.
    if (action !== 'enable' || !this.of(service, server)) requireServer(services, service, server)
    const highest = Math.max(0, ...[...this.known.values()].map(({ counter }) => counter))
    const counter = nextCounter(highest, time.wall)
    const { director } = this
    const word = { service, server, action, weight, reason, counter, director, since: time.now }
    const next = withoutOldEnables(new Map(this.known).set(key, word), mostEnables)
    try {
      this.file.write([...next.values()])
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      throw new Refusal(409, `${error.message}: it would not outlive a restart; nothing was changed`)
    }
    this.known = next
    this.tell(word, 'by the operator')
  }

  /** Words of the peer's: each stands here too unless a later one is known. */
  hear(words: readonly OperatorWord[], now: Millis): Heard {
    const newer = newerWords(
      this.known,
      words.map((word) => ({ ...word, since: now })),
      ({ service, server }) => healthKey(service, server),
    )
    if (newer.size === 0) return { changed: false, remembered: this.remember() }
    let changed = false
    const next = new Map(this.known)
    for (const [key, word] of newer) {
      const before = this.known.get(key)
      if (before === undefined && next.size >= mostWords) continue
      const same = before !== undefined && sameWish(before, word)
      // Said on both sides at once: a drain here goes on as it began.
      next.set(key, same ? { ...word, since: before.since } : word)
      if (same || (before === undefined && word.action === 'enable')) continue
      changed = true
      this.tell(word, `by the operator at ${word.director}`)
    }
    this.known = withoutOldEnables(next, mostEnables)
    this.unwritten = true
    return { changed, remembered: this.remember() }
  }

  /** Standing words for servers that the file does not have: kept, for the peer's may have them. */
  strays(services: Services): readonly OperatorWord[] {
    if (this.known.size === 0) return []
    const byName = new Map(services.map((service) => [service.name, service]))
    return [...this.known.values()].filter(
      ({ service, server }) => !byName.get(service)?.realServers.some(({ name }) => name === server),
    )
  }

  /** Forgets servers that neither file has: who comes back later is enabled. Answers their keys. */
  forgetStrays(services: Services): readonly string[] {
    const strays = this.strays(services)
    if (strays.length === 0) return []
    const next = new Map(this.known)
    const keys = strays.map(({ service, server }) => healthKey(service, server))
    for (const key of keys) next.delete(key)
    for (const { service, server, action } of strays)
      if (action !== 'enable')
        this.log.info(`${service}: ${server} is not in the file: ${action} is forgotten`)
    this.known = next
    this.unwritten = true
    this.remember()
    return keys
  }

  private remember(): boolean {
    if (!this.unwritten) return true
    try {
      this.file.write([...this.known.values()])
      this.unwritten = false
      this.warned = false
      return true
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      // The peer says it again each second.
      if (!this.warned)
        this.log.warn(`${error.message}: what operators said of servers would not outlive a restart`)
      this.warned = true
      return false
    }
  }

  private tell({ service, server, action, weight, reason }: OperatorWord, by: string): void {
    const what = action === 'weight' ? `weight ${weight}` : action
    this.log.info(`${service}: ${server}: ${what} ${by}${reason === undefined ? '' : `: ${reason}`}`)
  }
}

const mapOf = (all: readonly RememberedWord[]): Words =>
  new Map(all.map((one) => [healthKey(one.service, one.server), one]))

const sameWish = (a: OperatorWord, b: OperatorWord): boolean =>
  a.action === b.action && a.weight === b.weight && a.reason === b.reason

function overrideOf({
  service,
  server,
  action,
  weight,
  reason,
  since,
}: RememberedWord): ServerOverride | undefined {
  return action === 'enable' ? undefined : { service, server, action, weight, reason, since }
}

/** Names shown in a refusal. */
const mostNames = 10

function requireServer(services: Services, service: string, server: string): void {
  const found = services.find(({ name }) => name === service)
  if (!found)
    throw new Refusal(404, `no virtual service ${service}: there ${list(services.map(({ name }) => name))}`)
  if (!found.realServers.some(({ name }) => name === server))
    throw new Refusal(
      404,
      `${service} has no server ${server}: there ${list(found.realServers.map(({ name }) => name))}`,
    )
}

function list(names: readonly string[]): string {
  if (names.length === 0) return 'is none'
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : ''
  return `${names.length === 1 ? 'is' : 'are'} ${names.slice(0, mostNames).join(', ')}${more}`
}
