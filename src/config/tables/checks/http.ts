/** `type = "http"`: a request is answered as it should be. `request`: what such a check over TLS has as well. */
import { mapOf } from '../../collections.js'
import { describe } from '../../node.js'
import { defaulted, optional, type Schema } from '../../schema.js'
import { table } from '../../table.js'
import { choice, oneOf, parsed, type Refusal, text } from '../../values.js'
import { common, later, synonyms, type } from './common.js'
import { regularExpression } from './regular-expression.js'

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

/** RFC 9110 section 5.6.2: token. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export const proxyProtocol = optional(
  oneOf([1, 2]),
  'Version of the PROXY protocol header that goes before everything else.',
)

export const request = {
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
  body_sha256: optional(
    text('64 hexadecimal digits', /^[0-9A-Fa-f]{64}$/),
    'SHA-256 of the whole body, which may have 4 MiB.',
  ),
  weight_header: optional(
    text('the name of a header such as "X-Weight"', headerName),
    'Header of the answer that gives the weight of the server: "50%" of its own, or "50".',
  ),
  proxy_protocol: proxyProtocol,
}

/** HTTP/2 is agreed upon within TLS; without it, nothing says that a server would understand. */
const onlyOverTls: Schema<false> = {
  expected: 'false',
  json: { const: false },
  read(node, path, report) {
    if (node.kind === 'boolean' && !node.value) return false
    const over = node.kind === 'boolean' ? 'HTTP/2 is checked over TLS only' : describe(node)
    report.error(path, over, { expected: 'type = "https", or false' })
    return undefined
  },
}

export const httpCheck = table(
  {
    type: type('http'),
    ...common,
    ...request,
    http2: optional(onlyOverTls, 'Of an https check only.'),
  },
  { title: 'an http check', later, synonyms },
)
