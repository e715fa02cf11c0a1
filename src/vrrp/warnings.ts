/** What is wrong now: in the log when it begins, in the status for as long as it goes on. */
import type { Clock } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import type { LimitedLog } from './limited-log.js'

interface Warning {
  readonly router: string | undefined
  text: string
  /** When the text was made: not for each packet of a flood. */
  madeAt: Millis
  readonly first: Millis
  until: Millis
  shown: boolean
}

interface HowLong {
  /** In the status for so long after it last happened. */
  readonly lasts?: number
  /** Only once it has been happening for so long. */
  readonly ripens?: number
}

const usually = 5_000
const remakeAfter = 1_000

export class Warnings {
  private readonly heard = new Map<string, Warning>()

  /** `onNew`: there is one more to show. */
  constructor(
    private readonly clock: Clock,
    private readonly limited: LimitedLog,
    private readonly onNew: (router: string | undefined, text: string) => void,
  ) {}

  /** It has happened. `kind` is one of a closed set, never from the network. */
  say(router: string | undefined, kind: string, describe: () => string, howLong: HowLong = {}): void {
    const { lasts = usually, ripens = 0 } = howLong
    const now = this.clock.now()
    const key = keyOf(router, kind)
    const known = this.heard.get(key)
    const goesOn = known !== undefined && now < known.until
    const warning = goesOn
      ? known
      : { router, text: describe(), madeAt: now, first: now, until: now, shown: false }
    if (goesOn && now - warning.madeAt >= remakeAfter) {
      warning.text = describe()
      warning.madeAt = now
    }
    warning.until = after(now, millis(lasts))
    this.heard.set(key, warning)
    if (now - warning.first < ripens) return
    const logged = this.limited.warn(router, kind, () => warning.text)
    if (!warning.shown && !logged) this.onNew(router, warning.text)
    warning.shown = true
  }

  /** It is known to be over. */
  settle(router: string, kinds: readonly string[]): void {
    for (const kind of kinds) this.heard.delete(keyOf(router, kind))
  }

  /** The router's settings are others now, or it is gone. */
  forget(router: string): void {
    for (const [key, warning] of this.heard) if (warning.router === router) this.heard.delete(key)
  }

  /** `front: lb2 advertises every 200 ms …` */
  read(): readonly string[] {
    const now = this.clock.now()
    for (const [key, { until }] of this.heard) if (now >= until) this.heard.delete(key)
    return [...this.heard.values()]
      .filter(({ shown }) => shown)
      .map(({ router, text }) => (router === undefined ? text : `${router}: ${text}`))
  }
}

const keyOf = (router: string | undefined, kind: string): string => `${router ?? ''}/${kind}`
