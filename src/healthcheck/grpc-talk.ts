/**
 * The conversation of a `grpc` check: one request over HTTP/2 (RFC 9113), no more of which is spoken than it
 * takes. By hand, because a server that sends headers without end makes Node's own client abort the process
 * (v20.20.2, node_http2.cc: current_nghttp2_memory_).
 *
 * +-----------------------------------------------+---------------+---------------+
 * |                 Length (24)                   |   Type (8)    |   Flags (8)   |
 * +-+-------------------------------------------------------------+---------------+
 * |R|                 Stream Identifier (31)                      |  Payload ...
 */

import { Writer } from '../base/bytes.js'
import type { GrpcCheckConfig } from '../config/checks/grpc.js'
import { encodeHealthRequest, judgeHealth } from './grpc-health.js'
import { type HeaderField, HeaderUnpacker, packHeaders } from './hpack.js'
import { http2ErrorName } from './http2-errors.js'
import { failed, type Outcome } from './outcome.js'
import { type Ending, missing, type Talk, type Turn } from './talk.js'

/** RFC 9113 section 6. */
const frame = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  continuation: 9,
} as const
const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const headerLength = 9
/** RFC 9113 section 6.5.2: no longer ones may come, for we ask for none. */
const longestFrame = 16_384
const disablePush = 2
/** The only request. */
const stream = 1
/** The answer needs seven bytes, in three frames or four. */
const longestBody = 4096
const longestBlock = 16 * 1024
const mostFrames = 1000

type Request = Pick<GrpcCheckConfig, 'service' | 'host' | 'timeout'>

export class GrpcTalk implements Talk {
  private buffer = new Uint8Array(headerLength)
  private filled = 0
  private header: DataView | undefined
  private frames = 0
  private readonly unpacker = new HeaderUnpacker()
  /** Of headers whose end has not come. */
  private block: Uint8Array | undefined
  private endsWithBlock = false
  private head: ReadonlyMap<string, string> | undefined
  private trailers: ReadonlyMap<string, string> | undefined
  private body = new Uint8Array(0)

  /** @param authority where the request goes, for want of a host */
  constructor(
    private readonly request: Request,
    private readonly authority: string,
  ) {}

  open(): Turn {
    const { service, host, timeout } = this.request
    const headers: readonly HeaderField[] = [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', '/grpc.health.v1.Health/Check'],
      [':authority', host ?? this.authority],
      ['te', 'trailers'],
      ['grpc-timeout', `${timeout}m`],
      ['content-type', 'application/grpc'],
      ['user-agent', 'vipair'],
    ]
    const writer = new Writer(512).bytes(new TextEncoder().encode(preface))
    writeFrame(writer, frame.settings, 0, 0, new Writer(6).u16be(disablePush).u32be(0).finish())
    writeFrame(writer, frame.headers, flag.endHeaders, stream, packHeaders(headers))
    writeFrame(writer, frame.data, flag.endStream, stream, encodeHealthRequest(service))
    return { say: writer.finish() }
  }

  read(bytes: Uint8Array): Turn {
    const say = new Writer()
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.buffer.length - this.filled)
      this.buffer.set(part, this.filled)
      this.filled += part.length
      at += part.length
      if (this.filled < this.buffer.length) break
      const verdict = this.header ? this.take(this.header, this.buffer, say) : this.begin(say)
      if (verdict) return { verdict }
    }
    return say.length > 0 ? { say: say.finish() } : undefined
  }

  end(ending: Ending): Outcome {
    return failed(missing('complete answer', ending, this.request.timeout))
  }

  /** The header of a frame is there. */
  private begin(say: Writer): Outcome | undefined {
    const header = new DataView(this.buffer.buffer)
    const length = lengthOf(header)
    if (this.frames === 0 && (header.getUint8(3) !== frame.settings || length > longestFrame)) {
      return failed('not an HTTP/2 server')
    }
    if (length > longestFrame) return failed(`a frame of more than ${longestFrame} bytes`)
    if (++this.frames > mostFrames) return failed(`more than ${mostFrames} frames, and no answer`)
    this.header = header
    this.filled = 0
    this.buffer = new Uint8Array(length)
    return length === 0 ? this.take(header, this.buffer, say) : undefined
  }

  /** A whole frame is there. */
  private take(header: DataView, payload: Uint8Array, say: Writer): Outcome | undefined {
    this.header = undefined
    this.filled = 0
    this.buffer = new Uint8Array(headerLength)
    const [type, flags, id] = [header.getUint8(3), header.getUint8(4), header.getUint32(5) & 0x7fffffff]
    // RFC 9113 section 6.10: nothing comes between the parts of a block.
    if (this.block && (type !== frame.continuation || id !== stream)) return failed('frames out of order')
    switch (type) {
      case frame.settings:
        if (!(flags & flag.ack)) writeFrame(say, frame.settings, flag.ack, 0, new Uint8Array(0))
        return undefined
      case frame.ping:
        if (!(flags & flag.ack)) writeFrame(say, frame.ping, flag.ack, 0, payload)
        return undefined
      case frame.goAway:
        return goodbye(payload)
      case frame.pushPromise:
        return failed('a push, which was not allowed')
      case frame.headers:
      case frame.continuation:
      case frame.data:
      case frame.resetStream:
        return id === stream ? this.onStream(type, flags, payload) : failed('a frame of another stream')
      default:
        // RFC 9113 section 5.5: whatever else there is, it is not about the answer.
        return undefined
    }
  }

  private onStream(type: number, flags: number, payload: Uint8Array): Outcome | undefined {
    switch (type) {
      case frame.resetStream:
        return failed(`stream reset: ${errorName(payload, 0)}`)
      case frame.data: {
        const data = withoutPadding(payload, flags, false)
        if (!data) return failed('a malformed answer')
        this.body = join(this.body, data)
        if (this.body.length > longestBody) return failed(`an answer of more than ${longestBody} bytes`)
        return flags & flag.endStream ? this.judge() : undefined
      }
      default: {
        const begins = type === frame.headers
        const part = begins ? withoutPadding(payload, flags, true) : payload
        if (!part || begins === (this.block !== undefined)) return failed('a malformed answer')
        if (begins) this.endsWithBlock = (flags & flag.endStream) !== 0
        this.block = join(this.block ?? new Uint8Array(0), part)
        if (this.block.length > longestBlock) return failed(`headers longer than ${longestBlock / 1024} KiB`)
        return flags & flag.endHeaders ? this.takeHeaders(this.block) : undefined
      }
    }
  }

  private takeHeaders(block: Uint8Array): Outcome | undefined {
    this.block = undefined
    const fields = this.unpacker.unpack(block)
    if (!fields) return failed('malformed headers')
    const headers = new Map(fields)
    if (this.head) this.trailers = headers
    // RFC 9113 section 8.1: interim answers come before the one that counts.
    else if (!/^1\d\d$/.test(headers.get(':status') ?? '')) this.head = headers
    return this.endsWithBlock ? this.judge() : undefined
  }

  private judge(): Outcome {
    const named = (name: string) => this.trailers?.get(name) ?? this.head?.get(name)
    return judgeHealth({
      httpStatus: Number(this.head?.get(':status') ?? 0),
      status: named('grpc-status'),
      message: named('grpc-message'),
      body: this.body,
    })
  }
}

const lengthOf = (header: DataView): number => (header.getUint16(0) << 8) | header.getUint8(2)

function writeFrame(writer: Writer, type: number, flags: number, id: number, payload: Uint8Array): void {
  writer.u8(payload.length >>> 16).u16be(payload.length & 0xffff)
  writer.u8(type).u8(flags).u32be(id).bytes(payload)
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

/** Undefined where the padding is longer than the frame. */
function withoutPadding(payload: Uint8Array, flags: number, isHeaders: boolean): Uint8Array | undefined {
  const padded = (flags & flag.padded) !== 0
  const padding = padded ? (payload[0] ?? 0) : 0
  const start = (padded ? 1 : 0) + (isHeaders && flags & flag.priority ? 5 : 0)
  const end = payload.length - padding
  return start <= end ? payload.subarray(start, end) : undefined
}

/** A server that ends in good order still answers what it has taken. */
function goodbye(payload: Uint8Array): Outcome | undefined {
  if (payload.length < 8) return failed('a malformed answer')
  const last = new DataView(payload.buffer, payload.byteOffset).getUint32(0) & 0x7fffffff
  const name = errorName(payload, 4)
  return name === 'NO_ERROR' && last >= stream ? undefined : failed(`the server says goodbye: ${name}`)
}

function errorName(payload: Uint8Array, at: number): string {
  if (payload.length < at + 4) return 'no reason'
  const code = new DataView(payload.buffer, payload.byteOffset).getUint32(at)
  return http2ErrorName(code)
}
