/** The man(7) macros, so far as the pages need them. */

/** Text of a paragraph: nothing in it is taken for a request; what is in backquotes is bold. */
export const prose = (text: string): string => escaped(text).replace(/`([^`]+)`/g, '\\fB$1\\fR')

export const bold = (text: string): string => `\\fB${escaped(text)}\\fR`

const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/^\./gm, '\\&.')

/** `date`: undefined in a build that is to be the same every time. */
export const title = (name: string, section: number, version: string): string =>
  `.TH ${name.toUpperCase()} ${section} "" "vipair ${version}"`

export const section = (name: string): string => `.SH "${quotes(escaped(name))}"`
export const subsection = (name: string): string => `.SS "${quotes(escaped(name))}"`
export const paragraph = (text: string): string => `.PP\n${prose(text)}`

/** `term` is roff already. */
export const item = (term: string, text: string): string => `.TP\n${term}\n${prose(text)}`

/** Lines as they are. */
export const verbatim = (lines: readonly string[]): string =>
  ['.PP', '.RS 4', '.nf', ...lines.map(escaped), '.fi', '.RE'].join('\n')

const quotes = (text: string): string => text.replaceAll('"', '\\(dq')
