/** Bytes to text: strict UTF-8, a byte order mark dropped. */

import { fail, ok, type Result } from '../base/result.js'
import { Lines } from './lines.js'
import type { Problem } from './problem.js'

/** Files larger than this are refused before they are read: 30,000 real servers take 2.5 MB. */
export const maxFileBytes = 4 * 1024 * 1024

export function decodeText(source: Uint8Array | string): Result<string, Problem> {
  const bytes =
    typeof source === 'string'
      ? Buffer.from(source)
      : Buffer.from(source.buffer, source.byteOffset, source.length)
  if (bytes.length > maxFileBytes) {
    return fail(whole(`the file has ${bytes.length} bytes`, `at most ${maxFileBytes} (4 MiB)`))
  }
  const text = new TextDecoder('utf-8').decode(bytes)
  const nul = text.indexOf('\0')
  if (nul >= 0) return fail(at(text, nul, 'a NUL byte: this is not a text file', 'TOML in UTF-8'))
  const invalid = firstInvalid(text, bytes)
  if (invalid !== undefined) return fail(at(text, invalid, 'a byte that is not UTF-8', 'TOML in UTF-8'))
  if (text.trim() === '') return fail(whole('the file is empty', 'at least one [[director]]'))
  return ok(text)
}

/**
 * Where decoding first put U+FFFD for a bad byte. A replacement character that the file itself contains
 * stands as EF BF BD in the bytes too.
 */
function firstInvalid(text: string, bytes: Buffer): number | undefined {
  let byte = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let from = 0
  for (let found = text.indexOf('\ufffd'); found >= 0; found = text.indexOf('\ufffd', from)) {
    byte += Buffer.byteLength(text.slice(from, found))
    if (bytes[byte] !== 0xef || bytes[byte + 1] !== 0xbf || bytes[byte + 2] !== 0xbd) return found
    byte += 3
    from = found + 1
  }
  return undefined
}

const at = (text: string, offset: number, message: string, expected: string): Problem => ({
  severity: 'error',
  ...new Lines(text).positionOf(offset),
  path: '',
  message,
  expected,
})

const whole = (message: string, expected: string): Problem => at('', 0, message, expected)
