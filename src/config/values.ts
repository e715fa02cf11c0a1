/** Scalar combinators that are not about networks: text, numbers, choices, durations. */
import { type Millis, millis } from '../base/units.js'
import { describe, type Node, type Path } from './node.js'
import { quote } from './printable.js'
import type { Report } from './report.js'
import type { Json, Schema } from './schema.js'
import { nearest } from './suggest.js'

/** Why a text is refused. */
export interface Refusal {
  readonly message: string
  readonly expected?: string
  /** As the file would write it. */
  readonly suggestion?: string
}

/** A string that `parse` understands. */
export function parsed<T>(
  expected: string,
  parse: (text: string) => T | Refusal,
  isRefusal: (value: T | Refusal) => value is Refusal,
  json: { readonly [key: string]: Json } = {},
): Schema<T> {
  return {
    expected,
    json: { type: 'string', ...json },
    read(node, path, report) {
      if (node.kind !== 'string') return refuseKind(node, path, report, expected)
      const value = parse(node.value)
      if (!isRefusal(value)) return value
      report.error(path, value.message, { expected, ...value })
      return undefined
    },
  }
}

function refuseKind(node: Node, path: Path, report: Report, expected: string): undefined {
  const scalar = node.kind === 'integer' || node.kind === 'float' || node.kind === 'boolean'
  report.error(path, describe(node), { expected, suggestion: scalar ? quote(`${node.value}`) : undefined })
  return undefined
}

/** Text that matches `pattern`; a secret is not repeated in a problem. */
export function text(
  expected: string,
  pattern: RegExp,
  { secret = false }: { readonly secret?: boolean } = {},
): Schema<string> {
  const isRefusal = (value: string | Refusal): value is Refusal => typeof value !== 'string'
  const parse = (value: string): string | Refusal =>
    pattern.test(value) ? value : { message: `${secret ? 'this' : quote(value)} is not valid` }
  return parsed(expected, parse, isRefusal, { pattern: pattern.source })
}

export interface ChoiceOptions {
  /** Values that the documentation names and this version does not implement. */
  readonly later?: readonly string[]
}

/** One of several words. */
export function choice<const T extends string>(
  words: readonly T[],
  { later = [] }: ChoiceOptions = {},
): Schema<T> {
  const expected = words.map(quote).join(words.length === 2 ? ' or ' : ', ')
  return {
    expected,
    json: { enum: words },
    read(node, path, report) {
      if (node.kind !== 'string') {
        report.error(path, describe(node), { expected })
        return undefined
      }
      const word = words.find((candidate) => candidate === node.value)
      if (word !== undefined) return word
      if (later.includes(node.value)) {
        report.error(path, `${quote(node.value)} is not supported by this version`, { expected })
      } else {
        const meant = nearest(node.value, words)
        report.error(path, `${quote(node.value)} is not one of them`, {
          expected,
          suggestion: meant && quote(meant),
        })
      }
      return undefined
    },
  }
}

/** A key whose other values belong to a later version: it may be written, and changes nothing. */
export function only<const T extends string | number | boolean>(
  value: T,
  later: readonly (string | number | boolean)[],
): Schema<T> {
  const expected = JSON.stringify(value)
  return {
    expected,
    json: { const: value },
    read(node, path, report) {
      const given = 'value' in node ? (node.kind === 'integer' ? Number(node.value) : node.value) : undefined
      if (given === value) return value
      const known = given !== undefined && later.some((candidate) => candidate === given)
      report.error(
        path,
        known ? `${JSON.stringify(given)} is not supported by this version` : describe(node),
        { expected },
      )
      return undefined
    },
  }
}

/** `true` or `false`. */
export const flag: Schema<boolean> = {
  expected: 'true or false',
  json: { type: 'boolean' },
  read(node, path, report) {
    if (node.kind === 'boolean') return node.value
    const word = node.kind === 'string' && /^(true|false)$/.test(node.value) ? node.value : undefined
    report.error(path, describe(node), { expected: 'true or false', suggestion: word })
    return undefined
  },
}

/** One of a few numbers. */
export function oneOf<const T extends number>(numbers: readonly T[]): Schema<T> {
  const expected = numbers.join(' or ')
  return {
    expected,
    json: { enum: numbers },
    read(node, path, report) {
      const found =
        node.kind === 'integer' ? numbers.find((number) => BigInt(number) === node.value) : undefined
      if (found === undefined) {
        const digits = node.kind === 'string' && numbers.some((number) => `${number}` === node.value)
        report.error(path, describe(node), { expected, suggestion: digits ? node.value : undefined })
      }
      return found
    },
  }
}

/** A whole number within bounds, both included; `brand` makes it a unit. */
export function integer<T extends number = number>(
  low: number,
  high: number,
  brand: (value: number) => T | undefined,
  note = '',
): Schema<T> {
  const expected = `an integer from ${low} to ${high}${note}`
  return {
    expected,
    json: { type: 'integer', minimum: low, maximum: high },
    read(node, path, report) {
      if (node.kind !== 'integer') {
        const digits = node.kind === 'string' && /^\d{1,9}$/.test(node.value) ? node.value : undefined
        report.error(path, describe(node), { expected, suggestion: digits })
        return undefined
      }
      const within = node.value >= low && node.value <= high
      const value = within ? brand(Number(node.value)) : undefined
      if (value === undefined) report.error(path, `${node.value} is out of range`, { expected })
      return value
    },
  }
}

/** A part of a whole, more than 0 and less than 1. */
export const share: Schema<number> = {
  expected: 'a share between 0 and 1 such as 0.5',
  json: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
  read(node, path, report) {
    const { expected } = share
    const number = node.kind === 'float' || node.kind === 'integer' ? Number(node.value) : Number.NaN
    if (node.kind === 'float' && number > 0 && number < 1) return number
    const percent = node.kind === 'string' ? Number(/^\s*(\d{1,2})\s*%\s*$/.exec(node.value)?.[1]) : number
    report.error(path, Number.isNaN(number) ? describe(node) : `${number} is out of range`, {
      expected,
      suggestion: percent > 1 && percent < 100 ? `${percent / 100}` : undefined,
    })
    return undefined
  },
}

const unitMillis: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

export interface DurationOptions {
  /** As the file writes them; both included. */
  readonly from: string
  readonly to: string
  /** The value must be a multiple; default one millisecond. */
  readonly step?: string
  /** What `"0s"` means where zero is allowed below `from`. */
  readonly zero?: string
}

/** `"250ms"`, `"2s"`, `"5m"`, `"1h"`, `"14d"`; fractions as far as whole milliseconds. */
export function duration({ from, to, step = '1ms', zero }: DurationOptions): Schema<Millis> {
  const [low, high, unit] = [span(from) ?? 0, span(to) ?? 0, span(step) ?? 1]
  const steps = unit === 1 ? '' : ` in steps of "${step}"`
  const expected = `a duration from "${from}" to "${to}"${steps}${zero === undefined ? '' : `, or "0s" (${zero})`}`
  return {
    expected,
    json: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' },
    read(node, path, report) {
      if (node.kind === 'integer' || node.kind === 'float') {
        report.error(path, `${node.value} is a number: durations are strings, e.g. "2s"`, { expected })
        return undefined
      }
      if (node.kind !== 'string') {
        report.error(path, describe(node), { expected })
        return undefined
      }
      const value = span(node.value)
      if (value === undefined) {
        report.error(path, `${quote(node.value)} is not a duration`, {
          expected,
          suggestion: repaired(node.value),
        })
      } else if (value === 0 && zero !== undefined) {
        return millis(0)
      } else if (value < low || value > high) {
        report.error(path, `${quote(node.value)} is out of range`, { expected })
      } else if (value % unit !== 0) {
        report.error(path, `${quote(node.value)} is between two steps`, { expected })
      } else {
        return millis(value)
      }
      return undefined
    },
  }
}

/** Whole milliseconds; undefined when the text is no duration. */
function span(value: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(value)
  if (!match) return undefined
  const amount = Number(match[1]) * (unitMillis[match[2] ?? ''] ?? Number.NaN)
  const whole = Math.round(amount)
  return Math.abs(amount - whole) < 1e-6 ? whole : undefined
}

/** `5 sec` -> `"5s"`, `1M` -> `"1m"`, `100` -> `"100ms"`. */
function repaired(value: string): string | undefined {
  const match = /^\s*(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)\s*$/.exec(value.toLowerCase())
  if (!match) return undefined
  const [, amount, word = ''] = match
  const unit = /^(ms|msec|milli.*)$/.test(word) ? 'ms' : word === '' ? 'ms' : word.charAt(0)
  return unit in unitMillis ? quote(`${amount}${unit}`) : undefined
}

/** The text of a duration as short as it goes: 60000 -> `1m`. */
export function formatDuration(value: Millis): string {
  if (value === 0) return '0s'
  for (const unit of ['h', 'm', 's'] as const) {
    const size = unitMillis[unit] ?? 1
    if (value % size === 0) return `${value / size}${unit}`
  }
  return `${value}ms`
}
