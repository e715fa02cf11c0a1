/** The log behind its port: winston, in one of three formats, on standard error. */
import { Writable } from 'node:stream'
import { createLogger, format, transports } from 'winston'
import type { Log, LogFields } from '../base/ports.js'
import { StderrWriter } from './stderr-writer.js'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
/** `text` for a terminal; `json`, one object a line; `journal`, text with the priority as sd-daemon(3) wants it. */
export type LogFormat = 'text' | 'json' | 'journal'

export interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Which process speaks: `vrrp`. */
  readonly process: string
  /** Default: standard error. */
  readonly writer?: { write(line: string): void }
}

export interface AdjustableLog extends Log {
  setLevel(level: LogLevel): void
}

/** syslog(3) priorities. */
const journalPriority: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 }

interface Entry {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

export function createLog(options: LogOptions): AdjustableLog {
  const writer = options.writer ?? new StderrWriter()
  const render = renderers[options.format]
  const logger = createLogger({
    level: options.level,
    format: format.printf((info) => render(info as unknown as Entry, options.process, new Date())),
    transports: [new transports.Stream({ stream: lineStream(writer), eol: '' })],
  })
  const write = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    logger.log({ level, message, fields })
  }
  return {
    error: (message, fields) => write('error', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    info: (message, fields) => write('info', message, fields),
    debug: (message, fields) => write('debug', message, fields),
    setLevel: (level) => {
      logger.level = level
    },
  }
}

/** Hands every line on at once, so that the last one before an exit is written too. */
function lineStream(writer: { write(line: string): void }): Writable {
  return new Writable({
    decodeStrings: false,
    write: (line: unknown, _encoding, done) => {
      writer.write(String(line))
      done()
    },
  })
}

type Renderer = (entry: Entry, process: string, now: Date) => string

const renderers: Readonly<Record<LogFormat, Renderer>> = {
  text: (entry, process, now) => {
    const time = now.toISOString().slice(11, 23)
    return `${time} ${entry.level.padEnd(5)} ${process}: ${entry.message}${suffix(entry.fields)}`
  },
  json: ({ level, message, fields }, process, now) =>
    JSON.stringify({ ...fields, time: now.toISOString(), level, process, message }),
  journal: (entry, process) =>
    `<${journalPriority[entry.level] ?? 6}>${process}: ${entry.message}${suffix(entry.fields)}`,
}

function suffix(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
    .join('')
}
