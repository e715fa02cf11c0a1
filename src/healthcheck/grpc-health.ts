/**
 * The messages of grpc.health.v1.Health/Check (grpc/health/v1/health.proto) as gRPC frames them over HTTP/2
 * (PROTOCOL-HTTP2.md): u8 compressed, u32 length, then the message in protobuf.
 *
 *   message HealthCheckRequest { string service = 1; }
 *   message HealthCheckResponse { ServingStatus status = 1; }
 */
import { Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import { quote } from '../config/printable.js'
import { failed, type Outcome, passed } from './outcome.js'

export interface GrpcAnswer {
  readonly httpStatus: number
  /** `grpc-status` and `grpc-message`, from the trailers or from the only headers; undefined: not there. */
  readonly status: string | undefined
  readonly message: string | undefined
  readonly body: Uint8Array
}

/** enum ServingStatus. */
const servingNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const serving = 1

/** google/rpc/code.proto: the place in the list is the code. */
const statusNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]

/** Protobuf's wire types; groups are not used by anybody any more. */
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const
const fieldOne = 1

/** @param service at most 255 characters of ASCII */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service)
  const message = new Writer()
  // An empty string is the default, which is not sent.
  if (name.length > 0) writeVarint(message.u8((fieldOne << 3) | wire.bytes), name.length).bytes(name)
  return new Writer().u8(0).u32be(message.length).bytes(message.finish()).finish()
}

/** The number of the status, which may be one that is not known yet. */
export function decodeHealthResponse(framed: Uint8Array): Result<number, 'malformed'> {
  const frame = new Reader(framed)
  const compressed = frame.u8()
  const length = frame.u32be()
  // Nothing was said of compression, so there is none.
  if (frame.failed || compressed !== 0 || length !== frame.remaining) return fail('malformed')
  let status = 0
  while (frame.remaining > 0 && !frame.failed) {
    const tag = readVarint(frame)
    switch (tag & 7) {
      case wire.varint: {
        const value = readVarint(frame)
        if (tag >>> 3 === fieldOne) status = value
        break
      }
      case wire.fixed64:
        frame.skip(8)
        break
      case wire.bytes:
        frame.skip(readVarint(frame))
        break
      case wire.fixed32:
        frame.skip(4)
        break
      default:
        return fail('malformed')
    }
  }
  return frame.failed ? fail('malformed') : ok(status)
}

/** What the whole answer means. */
export function judgeHealth({ httpStatus, status, message, body }: GrpcAnswer): Outcome {
  if (httpStatus !== 200) return failed(`HTTP status ${httpStatus}, expected 200`)
  if (status === undefined) return failed('no grpc-status in the answer')
  if (status !== '0') {
    const name = statusNames[/^\d{1,2}$/.test(status) ? Number(status) : -1] ?? `grpc-status ${quote(status)}`
    return failed(message ? `${name}: ${quote(message)}` : name)
  }
  const answer = decodeHealthResponse(body)
  if (!answer.ok) return failed('a malformed answer')
  const name = servingNames[answer.value] ?? `status ${answer.value}`
  return answer.value === serving ? passed(name) : failed(name)
}

function writeVarint(writer: Writer, value: number): Writer {
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) writer.u8((rest & 0x7f) | 0x80)
  return writer.u8(rest)
}

/** Up to ten bytes, of which the lower 32 bits count. */
function readVarint(reader: Reader): number {
  let value = 0
  for (let i = 0; i < 10; i++) {
    const byte = reader.u8()
    if (i < 5) value |= (byte & 0x7f) << (7 * i)
    if (byte < 0x80) return value >>> 0
  }
  // Longer ones there are not.
  reader.skip(reader.remaining + 1)
  return 0
}
