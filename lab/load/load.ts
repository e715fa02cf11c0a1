import type { LabProcess } from '../lab-process.js'
import { built } from '../paths.js'
import type { Topology } from '../topology.js'
import { busyMachine, until } from '../wait.js'
import type { LoadLine, WindowReport } from './report.js'

export interface LoadOptions {
  /** Milliseconds between new TCP connections, default 10; 0 none. */
  readonly tcpEvery?: number
  /** Milliseconds between UDP requests, default 20; 0 none. */
  readonly udpEvery?: number
  /** Long sessions, default 100. */
  readonly sessions?: number
  /** Milliseconds between the lines of each session, default 500. */
  readonly lineEvery?: number
  /** Milliseconds after which an unanswered request counts as lost, default 200. */
  readonly timeLimit?: number
  /** Called with each report, four a second. */
  readonly onReport?: (report: WindowReport) => void
}

/** The client's load, as a scenario sees it. */
export class Load {
  readonly #process: LabProcess
  readonly #closed = new Map<string, WindowReport>()
  readonly #onReport: (report: WindowReport) => void
  #latest: WindowReport | undefined
  #window = 'start'

  constructor(topology: Topology, options: LoadOptions = {}) {
    this.#onReport = options.onReport ?? (() => {})
    const { tcpEvery = 10, udpEvery = 20, sessions = 100, lineEvery = 500, timeLimit = 200 } = options
    this.#process = topology.spawn(
      'client',
      'load',
      [
        process.execPath,
        built('lab/load/main'),
        `--tcp-every=${tcpEvery}`,
        `--udp-every=${udpEvery}`,
        `--sessions=${sessions}`,
        `--line-every=${lineEvery}`,
        `--time-limit=${timeLimit}`,
      ],
      { onLine: (line) => this.#heard(line) },
    )
  }

  /** The present window so far; undefined until it has been reported on. */
  get latest(): WindowReport | undefined {
    return this.#latest
  }

  /** Opens a window of its own for what comes next. */
  mark(name: string): void {
    this.#window = name
    this.#latest = undefined
    this.#process.say(`mark ${name}`)
  }

  /** Opens a new session for each that has ended. */
  reopen(): void {
    this.#process.say('reopen')
  }

  /** Waits until the present window shows what `holds` looks for. */
  until(what: string, patience: number, holds: (report: WindowReport) => boolean): Promise<WindowReport> {
    return until(
      what,
      patience * busyMachine,
      () => (this.#latest && holds(this.#latest) ? this.#latest : undefined),
      () => this.#latest,
    )
  }

  /** All sessions are established and echo. */
  ready(patience = 20000): Promise<WindowReport> {
    return this.until('every session echoes and requests are answered', patience, ({ sessions, tcp }) => {
      return sessions.total > 0 && sessions.alive === sessions.total && tcp.answered > 0
    })
  }

  /** Closes the present window and answers its final figures. */
  async close(): Promise<WindowReport> {
    const name = this.#window
    this.mark(`after-${name}`)
    return until(`the figures of ${name}`, 5000, () => this.#closed.get(name))
  }

  stop(): Promise<void> {
    return this.#process.kill()
  }

  #heard(text: string): void {
    const line: LoadLine = JSON.parse(text)
    if (line.type === 'window') this.#closed.set(line.window.name, line.window)
    else if (line.window.name === this.#window) {
      this.#latest = line.window
      this.#onReport(line.window)
    }
  }
}
