/** Control, format and unassigned characters: a file must not be able to drive the reader's terminal. */
const unprintable = /[\p{C}\u2028\u2029]/gu

/** The text with everything invisible written as `\u{1b}`. */
export const printable = (text: string): string =>
  text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

/** The text in quotes, shortened to 60 characters. */
export function quote(text: string): string {
  const shortened = text.length > 60 ? `${text.slice(0, 57)}...` : text
  return printable(JSON.stringify(shortened))
}
