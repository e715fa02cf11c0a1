/** Domain names on the wire (RFC 1035 sections 3.1 and 4.1.4). */
import type { Writer } from '../base/bytes.js'

const longestName = 255
/** As many labels as a name can have: none needs more. */
const mostPointers = 127
const pointerMask = 0xc0

/** A name of labels between dots, as the file's rules let it through. */
export function writeName(writer: Writer, name: string): Writer {
  for (const label of name.split('.')) {
    if (label === '') continue
    writer.u8(label.length)
    for (const character of label) writer.u8(character.charCodeAt(0))
  }
  return writer.u8(0)
}

/**
 * The name at `start` with the dot at its end, and where it ends there. Undefined where it runs out of the
 * message, is too long, or points ahead: each pointer must go back, so that none can go round.
 */
export function readName(
  message: Uint8Array,
  start: number,
): { readonly name: string; readonly end: number } | undefined {
  let name = ''
  let length = 1
  let at = start
  let end: number | undefined
  let lowest = start
  let pointers = 0
  for (;;) {
    const size = message[at]
    if (size === undefined) return undefined
    if (size === 0) return { name: name === '' ? '.' : name, end: end ?? at + 1 }
    if ((size & pointerMask) === pointerMask) {
      const low = message[at + 1]
      if (low === undefined) return undefined
      end ??= at + 2
      at = ((size & ~pointerMask) << 8) | low
      if (at >= lowest || ++pointers > mostPointers) return undefined
      lowest = at
      continue
    }
    length += size + 1
    if ((size & pointerMask) !== 0 || length > longestName || at + size >= message.length) return undefined
    for (const byte of message.subarray(at + 1, at + 1 + size)) name += escaped(byte)
    name += '.'
    at += size + 1
  }
}

/** RFC 1035 section 5.1: what is no part of a name as people write them is a number. */
function escaped(byte: number): string {
  const character = String.fromCharCode(byte)
  if (/^[A-Za-z0-9_*/-]$/.test(character)) return character
  return `\\${String(byte).padStart(3, '0')}`
}
