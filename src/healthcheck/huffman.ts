/** The Huffman code of header texts (RFC 7541 section 5.2 and appendix B). */

/** How many bits the code of each byte has, and of the end (256) last; pairs of how many and how long. */
const runs = [
  [1, 13],
  [1, 23],
  [7, 28],
  [1, 24],
  [1, 30],
  [2, 28],
  [1, 30],
  [8, 28],
  [1, 30],
  [9, 28],
  [1, 6],
  [2, 10],
  [1, 12],
  [1, 13],
  [1, 6],
  [1, 8],
  [1, 11],
  [2, 10],
  [1, 8],
  [1, 11],
  [1, 8],
  [3, 6],
  [3, 5],
  [7, 6],
  [1, 7],
  [1, 8],
  [1, 15],
  [1, 6],
  [1, 12],
  [1, 10],
  [1, 13],
  [1, 6],
  [22, 7],
  [1, 8],
  [1, 7],
  [1, 8],
  [1, 13],
  [1, 19],
  [1, 13],
  [1, 14],
  [1, 6],
  [1, 15],
  [1, 5],
  [1, 6],
  [1, 5],
  [1, 6],
  [1, 5],
  [3, 6],
  [1, 5],
  [2, 7],
  [3, 6],
  [1, 5],
  [1, 6],
  [1, 7],
  [1, 6],
  [2, 5],
  [1, 6],
  [5, 7],
  [1, 15],
  [1, 11],
  [1, 14],
  [1, 13],
  [1, 28],
  [1, 20],
  [1, 22],
  [2, 20],
  [3, 22],
  [1, 23],
  [1, 22],
  [5, 23],
  [1, 24],
  [1, 23],
  [2, 24],
  [1, 22],
  [1, 23],
  [1, 24],
  [4, 23],
  [1, 21],
  [1, 22],
  [1, 23],
  [1, 22],
  [2, 23],
  [1, 24],
  [1, 22],
  [1, 21],
  [1, 20],
  [2, 22],
  [2, 23],
  [1, 21],
  [1, 23],
  [2, 22],
  [1, 24],
  [1, 21],
  [1, 22],
  [2, 23],
  [2, 21],
  [1, 22],
  [1, 21],
  [1, 23],
  [1, 22],
  [2, 23],
  [1, 20],
  [3, 22],
  [1, 23],
  [2, 22],
  [1, 23],
  [2, 26],
  [1, 20],
  [1, 19],
  [1, 22],
  [1, 23],
  [1, 22],
  [1, 25],
  [3, 26],
  [2, 27],
  [1, 26],
  [1, 24],
  [1, 25],
  [1, 19],
  [1, 21],
  [1, 26],
  [2, 27],
  [1, 26],
  [1, 27],
  [1, 24],
  [2, 21],
  [2, 26],
  [1, 28],
  [3, 27],
  [1, 20],
  [1, 24],
  [1, 20],
  [1, 21],
  [1, 22],
  [2, 21],
  [1, 23],
  [2, 22],
  [2, 25],
  [2, 24],
  [1, 26],
  [1, 23],
  [1, 26],
  [1, 27],
  [2, 26],
  [5, 27],
  [1, 28],
  [5, 27],
  [1, 26],
  [1, 30],
] as const

const longest = 30
const end = 256
const lengths = runs.flatMap(([count, bits]) => Array<number>(count).fill(bits))

/** The code is canonical: of one length in the order of the bytes, and the shorter ones first. */
const ofLength = Array.from({ length: longest + 1 }, (_, bits) =>
  lengths.flatMap((length, symbol) => (length === bits ? [symbol] : [])),
)

/** Undefined for what is no text in this code, or is padded with other than up to seven ones. */
export function decodeHuffman(bytes: Uint8Array): string | undefined {
  let text = ''
  let [code, first, bits] = [0, 0, 0]
  let onlyOnes = true
  for (let at = 0; at < bytes.length * 8; at++) {
    const bit = ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1
    onlyOnes &&= bit === 1
    bits++
    // `first` is the smallest code of this length.
    first = (first + (ofLength[bits - 1]?.length ?? 0)) * 2
    code = code * 2 + bit
    const symbol = ofLength[bits]?.[code - first]
    if (symbol === undefined) {
      if (bits >= longest) return undefined
      continue
    }
    if (symbol === end) return undefined
    text += String.fromCharCode(symbol)
    code = 0
    first = 0
    bits = 0
    onlyOnes = true
  }
  return bits < 8 && onlyOnes ? text : undefined
}
