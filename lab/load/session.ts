import { connect, type Socket } from 'node:net'
import { onLines } from '../lines.js'

/** One long TCP session that sends a line now and then and expects it back. */
export class Session {
  /** When it was established; undefined before. */
  openedAt: number | undefined
  /** When the latest line that was echoed had been sent. */
  provenAt = -1
  /** Why it ended; undefined while it lives. */
  ended: string | undefined
  /** The real server that echoes. */
  server = ''
  readonly #socket: Socket

  constructor(host: string, port: number, clock: () => number) {
    this.#socket = connect({ host, port, noDelay: true })
    this.#socket.on('connect', () => {
      this.openedAt = clock()
      this.say(this.openedAt)
    })
    onLines(this.#socket, (line) => {
      const [server = '', sentAt] = line.split(' ')
      this.server = server
      this.provenAt = Number(sentAt)
    })
    this.#socket.on('error', (error) => {
      this.ended ??= 'code' in error ? String(error.code) : error.message
    })
    this.#socket.on('close', () => {
      this.ended ??= 'closed by the server'
    })
  }

  say(now: number): void {
    if (this.openedAt !== undefined && this.ended === undefined) this.#socket.write(`${now}\n`)
  }

  close(): void {
    this.ended ??= 'closed'
    this.#socket.destroy()
  }
}
