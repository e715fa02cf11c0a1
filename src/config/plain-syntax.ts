/**
 * The TOML that large files are made of, read many times faster than by the parser that knows all of it:
 * plain keys, strings without escapes, whole numbers, lists and inline tables. Whatever goes beyond that, and
 * every error, is the parser's; what is read here, it reads the same.
 */
import type { TomlAssignment, TomlHeader, TomlStatement, TomlValue } from 'toml/lib/parser.js'

const tab = 0x09
const newline = 0x0a
const space = 0x20
const doubleQuote = 0x22
const hash = 0x23
const singleQuote = 0x27
const comma = 0x2c
const zero = 0x30
const nine = 0x39
const equals = 0x3d
const openBracket = 0x5b
const backslash = '\\'
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Anything but tabs, line feeds and what ASCII prints. */
const unusual = /[^\t\n\x20-\x7e]/
const header = /\[(\[?)([\w-]+(?:\.[\w-]+)*)\](\]?)/y
const key = /[\w-]+/y
/** What follows is looked at: a date, a float and an octal number begin so too. */
const integer = /(?:0|[1-9]\d{0,14})(?![\w.:+-])/y
const deepest = 8

/** Undefined for a text with anything else in it. */
export function plainStatements(text: string): readonly TomlStatement[] | undefined {
  if (unusual.test(text)) return undefined
  try {
    return new Scanner(text).statements()
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

/** Thrown where the parser has to read. */
class NotPlain extends Error {
  static readonly only = new NotPlain()
}

class Scanner {
  private at = 0
  private depth = 0

  constructor(private readonly text: string) {}

  statements(): readonly TomlStatement[] {
    const all: TomlStatement[] = []
    for (this.skipLines(); this.at < this.text.length; this.skipLines()) {
      all.push(this.code === openBracket ? this.header() : this.assignment('Assign'))
      this.endOfLine()
    }
    return all
  }

  /** Not a number at the end of the text. */
  private get code(): number {
    return this.text.charCodeAt(this.at)
  }

  private header(): TomlHeader {
    const offset = this.at
    const [whole, list, names = '', closing] = this.match(header)
    if (list === '[' ? closing !== ']' : closing === ']') throw NotPlain.only
    this.at += whole.length
    return { type: list === '[' ? 'ArrayPath' : 'ObjectPath', value: names.split('.'), offset }
  }

  private assignment(type: TomlAssignment['type']): TomlAssignment {
    const offset = this.at
    const [name] = this.match(key)
    this.at += name.length
    this.skipBlanks()
    this.take(equals)
    this.skipBlanks()
    return { type, value: this.value(), offset, key: [name] }
  }

  private value(): TomlValue {
    const offset = this.at
    const { code } = this
    if (code === doubleQuote || code === singleQuote)
      return { type: 'String', value: this.string(code), offset }
    if (code >= zero && code <= nine) {
      const [digits] = this.match(integer)
      this.at += digits.length
      return { type: 'Integer', value: BigInt(digits), offset }
    }
    if (code === openBracket) return { type: 'Array', value: this.nested(() => this.list()), offset }
    if (code === openBrace)
      return { type: 'InlineTable', value: this.nested(() => this.inlineTable()), offset }
    for (const value of [true, false]) {
      if (!this.text.startsWith(`${value}`, this.at)) continue
      this.at += `${value}`.length
      return { type: 'Boolean', value, offset }
    }
    throw NotPlain.only
  }

  private string(quote: number): string {
    const start = this.at + 1
    const end = this.text.indexOf(quote === doubleQuote ? '"' : "'", start)
    const value = this.text.slice(start, Math.max(start, end))
    this.at = end + 1
    // Two quotes and a third begin a string of many lines.
    if (end < 0 || value.includes('\n') || (end === start && this.code === quote)) throw NotPlain.only
    if (quote === doubleQuote && value.includes(backslash)) throw NotPlain.only
    return value
  }

  private list(): readonly TomlValue[] {
    const values: TomlValue[] = []
    this.take(openBracket)
    for (this.skipLines(); this.code !== closeBracket; this.skipLines()) {
      values.push(this.value())
      this.skipLines()
      if (this.code !== comma) break
      this.at++
    }
    this.take(closeBracket)
    return values
  }

  private inlineTable(): readonly TomlAssignment[] {
    const entries: TomlAssignment[] = []
    this.take(openBrace)
    this.skipBlanks()
    while (this.code !== closeBrace) {
      const entry = this.assignment('InlineTableValue')
      if (entries.some((other) => other.key[0] === entry.key[0])) throw NotPlain.only
      entries.push(entry)
      this.skipBlanks()
      if (this.code !== comma) break
      this.at++
      this.skipBlanks()
    }
    this.take(closeBrace)
    return entries
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > deepest) throw NotPlain.only
    const value = read()
    this.depth--
    return value
  }

  private match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null) throw NotPlain.only
    return found
  }

  private take(code: number): void {
    if (this.code !== code) throw NotPlain.only
    this.at++
  }

  private endOfLine(): void {
    this.skipBlanks()
    this.skipComment()
    if (this.at < this.text.length) this.take(newline)
  }

  private skipBlanks(): void {
    while (this.code === space || this.code === tab) this.at++
  }

  private skipComment(): void {
    if (this.code !== hash) return
    const end = this.text.indexOf('\n', this.at)
    this.at = end < 0 ? this.text.length : end
  }

  /** Blanks, comments and line breaks. */
  private skipLines(): void {
    for (;;) {
      this.skipBlanks()
      this.skipComment()
      if (this.code !== newline) return
      this.at++
    }
  }
}
