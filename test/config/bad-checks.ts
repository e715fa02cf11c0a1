/** Checks that are wrong: the keys of HTTP and TLS. */
import type { BadFile } from './bad-files.js'
import { inserted } from './base-file.js'

/** On line 17, where the table begins in column 9. */
const check = (title: string, table: string, ...problems: string[]): BadFile => ({
  title,
  text: inserted(16, `check = { ${table} }`),
  problems: problems.map((one) => `17:${one}`),
})
const at = 'virtual_service[0].check'

export const badChecks: readonly BadFile[] = [
  check(
    'HTTP/2 without TLS',
    'type = "http", http2 = true',
    `34: ${at}.http2: HTTP/2 is checked over TLS only, expected type = "https", or false`,
  ),
  check(
    'TLS in a check without it',
    'type = "http", verify = false',
    `26: ${at}.verify: unknown key, did you mean verify in an https check or a tls check or [[hook]]?`,
  ),
  check(
    'a digest that is none',
    'type = "https", body_sha256 = "d41d8cd98f00b204e9800998ecf8427e"',
    `41: ${at}.body_sha256: "d41d8cd98f00b204e9800998ecf8427e" is not valid, expected 64 hexadecimal digits`,
  ),
  check(
    'a PROXY protocol of true',
    'type = "http", proxy_protocol = true',
    `43: ${at}.proxy_protocol: true is a boolean, expected 1 or 2`,
  ),
  check(
    'a body of an answer to HEAD',
    'type = "http", method = "HEAD", body = "up"',
    `50: ${at}.body: an answer to HEAD has no body, expected method = "GET"`,
  ),
  check(
    'an address as the name of a server',
    'type = "tls", sni = "10.0.0.21"',
    `31: ${at}.sni: "10.0.0.21" is an address, which TLS cannot send, expected a host name such as "www.example.org"`,
  ),
  check(
    'a certificate without its key',
    'type = "tls", cert_file = "/etc/vipair/client.crt"',
    `37: ${at}.cert_file: its key is missing, expected key_file beside it`,
  ),
  check(
    'a key without its certificate, on a path that is none',
    'type = "https", key_file = "/etc/vipair/client.key", ca_file = "ca.crt"',
    `38: ${at}.key_file: its certificate is missing, expected cert_file beside it`,
    `74: ${at}.ca_file: "ca.crt" is not valid, expected an absolute path`,
  ),
  check(
    'a warning that comes too late, and no protocols',
    'type = "tls", expires_within = "14 days", alpn = []',
    `42: ${at}.expires_within: "14 days" is not a duration, expected a duration from "1h" to "87600h", did you mean "14d"?`,
    `60: ${at}.alpn: the list is empty, expected a list of protocols such as ["h2"]`,
  ),
]
