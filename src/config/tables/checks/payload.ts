/** What travels in a datagram: text, or bytes in hexadecimal. */
import { fromHex } from '../../../base/bytes.js'
import { describe } from '../../node.js'
import { type DraftOf, required, type Schema } from '../../schema.js'
import { table } from '../../table.js'
import { parsed, type Refusal } from '../../values.js'

const hexadecimal = parsed(
  'bytes in hexadecimal such as "00ff", up to 1,024 of them',
  (value: string): string | Refusal => {
    const digits = value.replaceAll(' ', '').toLowerCase()
    const bytes = fromHex(digits)
    return bytes && bytes.length > 0 && bytes.length <= 1024 ? digits : { message: 'these are not' }
  },
  (value): value is Refusal => typeof value !== 'string',
)

const inHexadecimal = table(
  { hex: required(hexadecimal, 'Bytes in hexadecimal, with or without blanks.') },
  { title: 'bytes', synonyms: { hexadecimal: 'hex', bytes: 'hex' } },
)

/** Bytes that are told as a table, in lower case and without blanks. */
export interface HexBytes {
  readonly hex: string
}

/** Text of one kind, or bytes. */
export function textOrBytes(
  words: Schema<string>,
): Schema<string | HexBytes, string | DraftOf<typeof inHexadecimal>> {
  const expected = `${words.expected}, or { hex = "00ff" }`
  return {
    expected,
    json: { anyOf: [words.json, inHexadecimal.json] },
    tables: inHexadecimal.tables ?? [],
    read(node, path, report) {
      if (node.kind === 'string') return words.read(node, path, report)
      if (node.kind === 'table') return inHexadecimal.read(node, path, report)
      report.error(path, describe(node), { expected })
      return undefined
    },
  }
}
