/** `check`: how a real server proves that it is there. */
import { list, mapOf, oneOrMany, variant } from '../collections.js'
import { ip, portNumber } from '../network.js'
import { type CompleteOf, type DraftOf, defaulted, optional, required } from '../schema.js'
import { table } from '../table.js'
import { choice, duration, integer, parsed, type Refusal, text } from '../values.js'

const count = (value: number): number => value
const type = <const T extends string>(word: T) => required(choice([word]), 'Kind of the check.')

const common = {
  interval: defaulted(duration({ from: '10ms', to: '24h' }), '1s', 'Time between the starts of two checks.'),
  timeout: defaulted(
    duration({ from: '1ms', to: '1h' }),
    '1s',
    'After this time an unanswered check has failed.',
  ),
  rise: defaulted(integer(1, 100, count), 2, 'Consecutive passes that make a server healthy.'),
  fall: defaulted(integer(1, 100, count), 3, 'Consecutive failures that make it unhealthy.'),
  port: optional(portNumber, "The port to check; the real server's own."),
  bind: optional(ip(), "Source address; the kernel's choice."),
}

const later = ['fast_interval']
const synonyms = {
  delay_loop: 'interval',
  retry: 'fall',
  retries: 'fall',
  connect_timeout: 'timeout',
  connect_port: 'port',
  bindto: 'bind',
  url: 'path',
  uri: 'path',
  status_code: 'status',
}

const tcpCheck = table({ type: type('tcp'), ...common }, { title: 'a tcp check', later, synonyms })
const noCheck = table({ type: type('none') }, { title: 'a check of type none' })

export interface StatusRange {
  readonly from: number
  readonly to: number
}

const statusRanges = parsed(
  'status codes such as "200", "200-399" or "200-299,404"',
  (value: string): readonly StatusRange[] | Refusal => {
    const ranges = value.split(',').map((part) => {
      const match = /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(part)
      return { from: Number(match?.[1]), to: Number(match?.[2] ?? match?.[1]) }
    })
    return ranges.every(({ from, to }) => from <= to)
      ? ranges
      : { message: `${JSON.stringify(value)} is not valid` }
  },
  (value): value is Refusal => 'message' in value,
)

const regularExpression = parsed(
  'a regular expression',
  (value: string): string | Refusal => {
    try {
      new RegExp(value)
      return value
    } catch (error) {
      return { message: error instanceof Error ? error.message : 'not valid' }
    }
  },
  (value): value is Refusal => typeof value !== 'string',
)

/** RFC 9110 section 5.6.2: token. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const httpCheck = table(
  {
    type: type('http'),
    ...common,
    path: defaulted(text('a path such as "/healthz"', /^\/[!-~]*$/), '/', 'Path and query of the request.'),
    method: defaulted(choice(['GET', 'HEAD', 'OPTIONS', 'POST']), 'GET', 'Method of the request.'),
    host: optional(text('a host name', /^[!-~]{1,255}$/), "The Host header; the real server's address."),
    headers: defaulted(
      mapOf(text('text without line breaks', /^[\t -~\u0080-\u00ff]*$/), {
        expected: 'a table such as { "X-Probe" = "vipair" }',
        key: (key) => (headerName.test(key) ? undefined : 'not the name of a header'),
      }),
      {},
      'Further headers of the request.',
    ),
    status: defaulted(statusRanges, '200-399', 'Status codes that pass.'),
    body: optional(regularExpression, 'Regular expression that the first 64 KiB of the body must match.'),
  },
  {
    title: 'an http check',
    later: [...later, 'body_sha256', 'http2', 'proxy_protocol', 'weight_header'],
    synonyms,
  },
)

type Tables = typeof tcpCheck | typeof httpCheck | typeof noCheck
/** A check in the file's own words, every default filled in. */
export type CheckTable = CompleteOf<Tables>

const oneCheck = variant<CheckTable, DraftOf<Tables>>(
  'type',
  { tcp: tcpCheck, http: httpCheck, none: noCheck },
  {
    later: ['https', 'script', 'icmp', 'udp', 'dns', 'smtp', 'grpc', 'tls', 'agent'],
    expected: 'a check such as { type = "tcp" }',
  },
)

/** A single check, or several that must all pass. */
export const checks = oneOrMany(
  oneCheck,
  list(oneCheck, { expected: 'a check, or { type = "none" } for none', atLeast: 1 }),
)
