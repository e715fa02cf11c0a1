/** What a server may answer before it ends the connection, and what a check that wants a body `^hi` says to it. */
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'

export const answers: readonly (readonly [what: string, bytes: string, outcome: Outcome])[] = [
  [
    'half a header, then the end',
    'HTTP/1.1 200 OK\r\nContent-',
    failed('connection closed before an answer'),
  ],
  [
    'a change of protocol',
    'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc',
    failed('status 101, expected 200-399'),
  ],
  [
    'a change of protocol to nothing',
    'HTTP/1.1 101 Switching\r\n\r\nabc',
    failed('status 101, expected 200-399'),
  ],
  [
    'an interim answer first',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  [
    'lines that end in LF alone',
    'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'one line that ends in LF alone',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a Content-Length that is too short',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiho',
    failed('the body is not valid HTTP'),
  ],
  [
    'the same, with Connection: close',
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhiho',
    failed('the body is not valid HTTP'),
  ],
  [
    'Content-Length twice',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a list as Content-Length',
    'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a negative Content-Length',
    'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a Content-Length beyond all numbers',
    'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'an empty Content-Length',
    'HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a Content-Length with a sign',
    'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'chunked, and a Content-Length',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    failed('not a valid HTTP answer'),
  ],
  [
    'a Content-Length, and chunked',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    failed('not a valid HTTP answer'),
  ],
  [
    'chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    passed('status 200, body matches'),
  ],
  [
    'a chunk with an extension',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n',
    passed('status 200, body matches'),
  ],
  [
    'chunked with a trailer',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n',
    passed('status 200, body matches'),
  ],
  [
    'chunked with a malformed trailer',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n:::\r\n\r\n',
    failed('the body is not valid HTTP'),
  ],
  [
    'a chunk size that is no number',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n0\r\n\r\n',
    failed('the body is not valid HTTP'),
  ],
  [
    'a chunk longer than its size',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhix\r\n0\r\n\r\n',
    failed('the body is not valid HTTP'),
  ],
  [
    'chunks with LF alone',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n',
    failed('the body is not valid HTTP'),
  ],
  [
    'a space behind a chunk size',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nhi\r\n0\r\n\r\n',
    failed('the body is not valid HTTP'),
  ],
  [
    'a chunk size beyond all numbers',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhi\r\n0\r\n\r\n',
    failed('the body is not valid HTTP'),
  ],
  [
    'the end within a chunk',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi',
    failed('connection closed in the middle of the body'),
  ],
  [
    'the end before the last chunk',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n',
    failed('connection closed in the middle of the body'),
  ],
  [
    'compressed and chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    passed('status 200, body matches'),
  ],
  [
    'a transfer coding without chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  [
    'chunked, but not at last',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  [
    'chunked in HTTP/1.0',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    passed('status 200, body matches'),
  ],
  [
    'two Transfer-Encoding headers',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    passed('status 200, body matches'),
  ],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi', passed('status 200, body matches')],
  [
    'an empty reason phrase',
    'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  ['another version', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', passed('status 200, body matches')],
  [
    'a version that is none',
    'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  ['an old version', 'HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nhi', passed('status 200, body matches')],
  [
    'the name in lower case',
    'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a status of four digits',
    'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a status of two digits',
    'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a status below all',
    'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nhi',
    failed('status 99, expected 200-399'),
  ],
  [
    'a status above all',
    'HTTP/1.1 700 OK\r\nContent-Length: 2\r\n\r\nhi',
    failed('status 700, expected 200-399'),
  ],
  ['status 000', 'HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nhi', failed('status 0, expected 200-399')],
  [
    'an empty line first',
    '\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  [
    'line feeds first',
    '\n\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  ['a space first', ' HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', failed('not a valid HTTP answer')],
  ['another protocol', 'ICY 200 OK\r\nContent-Length: 2\r\n\r\nhi', failed('not a valid HTTP answer')],
  [
    'a folded header',
    'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a space before the colon',
    'HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a header without a colon',
    'HTTP/1.1 200 OK\r\nXa\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a NUL in a header',
    'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a control character in a header',
    'HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a CR in a header',
    'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a byte beyond ASCII in a header',
    'HTTP/1.1 200 OK\r\nX: a\xffb\r\nContent-Length: 2\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  [
    'a control character in the reason phrase',
    'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  [
    'a CR in the reason phrase',
    'HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'a header without a name',
    'HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  [
    'two spaces before the status',
    'HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nhi',
    failed('not a valid HTTP answer'),
  ],
  ['204 with a body', 'HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi', failed('the body is not valid HTTP')],
  ['304 with a body', 'HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\nhi', failed('the body is not valid HTTP')],
  ['205 without anything', 'HTTP/1.1 205 No\r\n\r\n', failed('body does not match /^hi/')],
  ['no header at all', 'HTTP/1.1 200 OK\r\n\r\nhi', passed('status 200, body matches')],
  [
    'an offer of another protocol',
    'HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi',
    passed('status 200, body matches'),
  ],
  [
    'a header just short enough',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(16_184)}\r\nContent-Length: 2\r\n\r\nhi`,
    passed('status 200, body matches'),
  ],
  [
    'a header that is too long',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(16_384)}\r\nContent-Length: 2\r\n\r\nhi`,
    failed('headers longer than 16 KiB'),
  ],
  ['a status line, then the end', 'HTTP/1.1 200 OK\r\n', failed('connection closed before an answer')],
  ['a greeting of SSH', 'SSH-2.0\r\n', failed('not a valid HTTP answer')],
  ['two letters, then the end', 'HT', failed('connection closed before an answer')],
  ['a page without a header', '<html>\r\n\r\n', failed('not a valid HTTP answer')],
  ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x46', failed('not a valid HTTP answer')],
  [
    '2,500 headers',
    `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(2_500)}Content-Length: 2\r\n\r\nhi`,
    passed('status 200, body matches'),
  ],
]
