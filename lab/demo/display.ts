import { type DirectorName, directorNames, type ServerName, serverNames } from '../addresses.js'

/** What there is to see at one moment. */
export interface Picture {
  /** Each director's state in words. */
  readonly directors: Readonly<Record<DirectorName, string>>
  /** Requests answered a second, TCP and UDP together. */
  readonly perSecond: Readonly<Record<ServerName, number>>
  readonly sessionsAlive: number
  readonly sessions: number
}

export interface Display {
  /** Something happens now. */
  announce(text: string): void
  /** A measured fact about what was announced. */
  result(text: string): void
  /** The present state; called several times a second. */
  show(picture: Picture): void
  /** Leaves the terminal as it should be; nothing is shown afterwards. */
  end(): void
}

const states = ({ directors }: Picture): string =>
  directorNames.map((name) => `${name} ${directors[name]}`).join('  ')

const rates = ({ perSecond }: Picture): string =>
  serverNames.map((name) => `${name} ${String(perSecond[name]).padStart(3)}/s`).join('  ')

const oneLine = (picture: Picture): string =>
  `${states(picture)}  |  ${rates(picture)}  |  sessions ${picture.sessionsAlive}/${picture.sessions}`

/** For a pipe or a file: everything as plain lines, the state about once a second. */
export class LineDisplay implements Display {
  #shownAt = Number.NEGATIVE_INFINITY
  #ended = false

  announce(text: string): void {
    console.log(`\n${text}`)
  }

  result(text: string): void {
    console.log(`  ${text}`)
  }

  show(picture: Picture): void {
    const now = performance.now()
    if (this.#ended || now - this.#shownAt < 1000) return
    this.#shownAt = now
    console.log(`    ${oneLine(picture)}`)
  }

  end(): void {
    this.#ended = true
  }
}

const bold = (text: string): string => `\x1b[1m${text}\x1b[0m`
const clearBelow = '\x1b[J'

/** For a terminal: a block of live state stays below the growing story. */
export class TerminalDisplay implements Display {
  #block: string[] = []
  #ended = false

  announce(text: string): void {
    this.#above(`\n${bold(text)}`)
  }

  result(text: string): void {
    this.#above(`  ${text}`)
  }

  show(picture: Picture): void {
    if (this.#ended) return
    const bars = serverNames.map((name) => {
      const rate = picture.perSecond[name]
      return `  ${name}  ${'█'.repeat(Math.min(40, Math.round(rate / 2))).padEnd(40)} ${rate} requests/s`
    })
    this.#draw([
      '',
      `  ${states(picture)}`,
      ...bars,
      `  ${picture.sessionsAlive} of ${picture.sessions} long sessions alive`,
    ])
  }

  end(): void {
    this.#draw([])
    this.#ended = true
  }

  #above(text: string): void {
    const block = this.#block
    this.#draw([])
    process.stdout.write(`${text}\n`)
    this.#draw(block)
  }

  #draw(lines: string[]): void {
    const up = this.#block.length > 0 ? `\x1b[${this.#block.length}A\r` : '\r'
    process.stdout.write(`${up}${clearBelow}${lines.map((line) => `${line}\n`).join('')}`)
    this.#block = lines
  }
}
