/** Where a file can be cut so that each piece means by itself what it means in the whole. */
export interface Piece {
  /** Offsets in bytes. */
  readonly start: number
  readonly end: number
  /** Of its first character, from 1. */
  readonly line: number
  /** Line breaks in it. */
  readonly breaks: number
  /** One `[[virtual_service]]` with all that belongs to it; otherwise anything but a part of one. */
  readonly isService: boolean
}

const [bracket, newline, space, tab] = [0x5b, 0x0a, 0x20, 0x09]
/** A file of the largest size has no more services that mean something. */
const mostPieces = 50_000
const header =
  /^\[(?:\[(?<list>[a-z_]+(?:\.[\w-]+)*)\]|(?<table>[a-z_]+(?:\.[\w-]+)*))\][ \t]*(?:#[^\n]*)?\r?$/
/** In a list of lists the first four would look like a header; the last is an error. */
const notHeaders = new Set(['true', 'false', 'inf', 'nan', 'virtual_service'])

/**
 * Cuts before every header in the first column. Such a line is a header wherever no string goes over several
 * lines: within a list it would be a syntax error. Undefined for a file in which that does not hold, whose
 * headers are written in another way, or that begins with a service: it has to be read as a whole.
 */
export function cut(bytes: Buffer): readonly Piece[] | undefined {
  if (bytes.includes('"""') || bytes.includes("'''")) return undefined
  const pieces: Piece[] = []
  let current = { start: 0, line: 1, isService: false }
  let line = 1
  const close = (end: number): void => {
    if (end > 0) pieces.push({ ...current, end, breaks: line - current.line })
    current = { start: end, line, isService: false }
  }
  for (let lineStart = 0, lineEnd = 0; lineEnd >= 0; lineStart = lineEnd + 1) {
    lineEnd = bytes.indexOf(newline, lineStart)
    let first = lineStart
    while (bytes[first] === space || bytes[first] === tab) first++
    if (bytes[first] === bracket) {
      const name = headerIn(bytes, lineStart)
      if (name === undefined || pieces.length > mostPieces) return undefined
      const within = name.startsWith('[virtual_service.') || name.startsWith('virtual_service.')
      if (within && !current.isService) return undefined
      if (!within) {
        close(lineStart)
        current.isService = name === '[virtual_service'
      }
    }
    if (lineEnd >= 0) line++
  }
  close(bytes.length)
  return pieces[0]?.isService === false ? pieces : undefined
}

/** Its words, after a bracket where it is one of a list of tables; undefined for what is no plain header. */
function headerIn(bytes: Buffer, start: number): string | undefined {
  const end = bytes.indexOf(newline, start)
  const { list, table } =
    header.exec(bytes.toString('latin1', start, end < 0 ? bytes.length : end))?.groups ?? {}
  if (list !== undefined) return `[${list}`
  return table === undefined || notHeaders.has(table) ? undefined : table
}
