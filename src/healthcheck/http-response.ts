/**
 * One HTTP/1.1 answer, read as it comes in (RFC 9112). Strict where a lenient reader and its server might
 * disagree about the frame, and bounded: a line or a header that is too long ends it. Agrees with Node's own
 * parser, which reads the answers that the other engine gets.
 */

/** The answer breaks the rules, or its header or trailer is longer than the limit. */
export type HttpFault = 'malformed' | 'headersTooLong'

type Part =
  | 'status'
  | 'headers'
  | 'sized'
  | 'untilClose'
  | 'chunkSize'
  | 'chunk'
  | 'chunkEnd'
  | 'trailers'
  | 'done'

/** RFC 9112 section 4; of the versions, those that Node's parser lets pass. */
const statusLine = /^HTTP\/(?:1\.[01]|0\.9|2\.0) (\d{3})(?: [^\r\n]*)?\r\n$/
/** RFC 9112 section 5: no folding, nothing between name and colon. */
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\u0080-\u00ff]*)\r\n$/
/** RFC 9112 section 7.1; a size of 14 hexadecimal digits would no longer be exact. */
const chunkLine = /^([0-9A-Fa-f]{1,13})(?:;[\t -~\u0080-\u00ff]*)?\r\n$/
const empty = new Uint8Array(0)
const newline = 10

export class HttpResponse {
  /** Of the final answer, once its header is complete. */
  status: number | undefined
  fault: HttpFault | undefined
  /** Bytes of the body that have come. */
  bodyLength = 0
  /** Copies. */
  readonly body: Uint8Array[] = []
  private part: Part = 'status'
  /** The beginning of a line that is not complete. */
  private rest: Uint8Array = empty
  /** Of the header or trailer so far. */
  private headLength = 0
  /** Of the headers that are complete: there may be interim answers without end. */
  private interimLength = 0
  /** What is still to come of a body or chunk of known size. */
  private missing = 0
  private statusSeen = 0
  private contentLength: string | undefined
  private transferEncoding: string | undefined

  /** `headerLimit`: bytes of status line and headers together. */
  constructor(
    private readonly method: string,
    private readonly headerLimit: number,
    private readonly keepBody: boolean,
  ) {}

  get complete(): boolean {
    return this.part === 'done' && this.fault === undefined
  }

  /** The bytes may be used again afterwards. */
  feed(bytes: Uint8Array): void {
    let input = bytes
    if (this.rest.length > 0) {
      input = Buffer.concat([this.rest, bytes])
      this.rest = empty
    }
    let at = 0
    while (at < input.length && !this.fault) {
      const next = this.step(input, at)
      if (next === undefined) {
        this.rest = Uint8Array.from(input.subarray(at))
        return
      }
      at = next
    }
  }

  /** The connection is closed. False when that is too early. */
  end(): boolean {
    if (this.part === 'untilClose') this.part = 'done'
    return this.complete
  }

  /** Answers where to go on; undefined when a line is not complete. */
  private step(input: Uint8Array, at: number): number | undefined {
    switch (this.part) {
      case 'sized':
      case 'chunk':
        return at + this.takeSized(input, at)
      case 'untilClose':
        this.take(input.subarray(at))
        return input.length
      case 'done':
        // More than it said: the frame cannot be trusted.
        return this.refuse('malformed')
      case 'status':
        // Servers may leave empty lines behind what came before (RFC 9112 section 2.2).
        if (this.headLength === 0 && (input[at] === 13 || input[at] === newline)) return at + 1
    }
    const end = input.indexOf(newline, at)
    const length = (end < 0 ? input.length : end + 1) - at
    if (this.headLength + length > this.headerLimit) return this.refuse('headersTooLong')
    if (end < 0) {
      if (this.part === 'status' && !startsLikeHttp(input, at)) return this.refuse('malformed')
      return undefined
    }
    this.takeLine(Buffer.from(input.buffer, input.byteOffset + at, length).toString('latin1'))
    return end + 1
  }

  private takeLine(line: string): void {
    switch (this.part) {
      case 'status': {
        const status = statusLine.exec(line)?.[1]
        if (status === undefined) this.refuse('malformed')
        this.statusSeen = Number(status)
        this.headLength += line.length
        this.part = 'headers'
        return
      }
      case 'headers':
        this.headLength += line.length
        if (line === '\r\n') this.takeHead()
        else this.takeField(line)
        return
      case 'trailers':
        this.headLength += line.length
        if (line === '\r\n') this.part = 'done'
        else if (!fieldLine.test(line)) this.refuse('malformed')
        return
      case 'chunkSize': {
        const size = chunkLine.exec(line)?.[1]
        if (size === undefined) this.refuse('malformed')
        this.missing = Number.parseInt(size ?? '', 16)
        this.headLength = 0
        this.part = this.missing === 0 ? 'trailers' : 'chunk'
        return
      }
      case 'chunkEnd':
        if (line !== '\r\n') this.refuse('malformed')
        this.part = 'chunkSize'
    }
  }

  private takeField(line: string): void {
    const [, name, padded = ''] = fieldLine.exec(line) ?? []
    const value = padded.trim()
    if (name === undefined) {
      this.refuse('malformed')
    } else if (/^content-length$/i.test(name)) {
      if (this.contentLength !== undefined || !/^\d{1,15}$/.test(value)) this.refuse('malformed')
      this.contentLength = value
    } else if (/^transfer-encoding$/i.test(name)) {
      this.transferEncoding = value
    }
  }

  /** RFC 9112 section 6.3: how long the body is. */
  private takeHead(): void {
    const { method, statusSeen: status, contentLength, transferEncoding } = this
    this.interimLength += this.headLength
    this.headLength = 0
    this.contentLength = undefined
    this.transferEncoding = undefined
    // Both at once is how requests are smuggled.
    if (contentLength !== undefined && transferEncoding !== undefined) {
      this.refuse('malformed')
    } else if (status >= 100 && status <= 199 && status !== 101) {
      this.part = 'status'
      if (this.interimLength > this.headerLimit) this.refuse('headersTooLong')
    } else {
      this.status = status
      this.part = 'untilClose'
      if (method === 'HEAD' || status === 101 || status === 204 || status === 304) this.part = 'done'
      else if (transferEncoding !== undefined && /(?:^|[,\t ])chunked$/i.test(transferEncoding))
        this.part = 'chunkSize'
      else if (transferEncoding === undefined && contentLength !== undefined)
        this.expect(Number(contentLength))
    }
  }

  private expect(length: number): void {
    this.missing = length
    this.part = length === 0 ? 'done' : 'sized'
  }

  private takeSized(input: Uint8Array, at: number): number {
    const length = Math.min(this.missing, input.length - at)
    this.take(input.subarray(at, at + length))
    this.missing -= length
    if (this.missing === 0) this.part = this.part === 'chunk' ? 'chunkEnd' : 'done'
    return length
  }

  private take(bytes: Uint8Array): void {
    this.bodyLength += bytes.length
    if (this.keepBody) this.body.push(Uint8Array.from(bytes))
  }

  private refuse(fault: HttpFault): undefined {
    this.fault = fault
    return undefined
  }
}

/** So that somebody else's greeting is known for what it is before a line of it is complete. */
function startsLikeHttp(input: Uint8Array, at: number): boolean {
  const known = 'HTTP/'
  for (let i = 0; i < known.length && at + i < input.length; i++)
    if (input[at + i] !== known.charCodeAt(i)) return false
  return true
}
