import { directorNames, serverNames } from '../addresses.js'
import type { Pair } from '../director.js'
import type { WindowReport } from '../load/report.js'
import type { Display } from './display.js'

/** Keeps the display up to date from the load's reports and the directors' status. */
export class Watch {
  readonly #display: Display
  readonly #pair: Pair
  readonly #directors: Record<'lb1' | 'lb2', string> = { lb1: 'starting', lb2: 'starting' }
  #earlier: WindowReport | undefined
  #perSecond = { rs1: 0, rs2: 0, rs3: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor(display: Display, pair: Pair) {
    this.#display = display
    this.#pair = pair
    this.#look()
  }

  /** A report of the load, four a second. */
  report(report: WindowReport): void {
    const earlier = this.#earlier?.name === report.name ? this.#earlier : undefined
    const span = report.elapsed - (earlier?.elapsed ?? 0)
    if (span >= 900) {
      for (const server of serverNames) {
        const count = (of: WindowReport | undefined): number =>
          (of?.tcp.perServer[server] ?? 0) + (of?.udp.perServer[server] ?? 0)
        this.#perSecond[server] = Math.round(((count(report) - count(earlier)) * 1000) / span)
      }
      this.#earlier = report
    }
    const { total, ended } = report.sessions
    this.#display.show({
      directors: { ...this.#directors },
      perSecond: { ...this.#perSecond },
      sessions: total,
      sessionsAlive: total - ended,
    })
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  /** Twice a second and never two looks at once: the guest has one processor. */
  async #look(): Promise<void> {
    for (const name of directorNames) {
      const status = await this.#pair[name].status()
      const state = status?.virtualRouters[0]?.state
      this.#directors[name] = state === undefined ? 'DEAD' : state === 'active' ? 'ACTIVE' : state
    }
    this.#timer = setTimeout(() => this.#look(), 500)
  }
}
