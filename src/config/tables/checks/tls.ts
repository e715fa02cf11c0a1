/** `type = "tls"`: a TLS handshake succeeds. `encryption`: what every check over TLS has. */
import { list } from '../../collections.js'
import { defaulted, optional } from '../../schema.js'
import { table } from '../../table.js'
import { duration, flag, parsed, type Refusal, text } from '../../values.js'
import { absolutePath } from '../machine.js'
import { common, later, synonyms, type } from './common.js'
import { proxyProtocol } from './http.js'

/** RFC 6066 section 3: a name, never an address. */
const serverName = parsed(
  'a host name such as "www.example.org"',
  (value: string): string | Refusal => {
    if (/^[\d.]+$|:/.test(value))
      return { message: `${JSON.stringify(value)} is an address, which TLS cannot send` }
    return /^(?=.{1,253}$)[\w-]{1,63}(\.[\w-]{1,63})*$/.test(value)
      ? value
      : { message: `${JSON.stringify(value)} is not valid` }
  },
  (value): value is Refusal => typeof value !== 'string',
)

export const encryption = {
  sni: optional(serverName, 'Name that is asked for in the handshake, and that the certificate must be for.'),
  verify: defaulted(flag, true, "Whether the server's certificate must be valid, trusted and for its name."),
  ca_file: optional(absolutePath, "Certificates of the authorities to trust (PEM); the system's."),
  cert_file: optional(absolutePath, 'Client certificate, with its chain (PEM).'),
  key_file: optional(absolutePath, 'Private key of the client certificate (PEM).'),
  expires_within: optional(
    duration({ from: '1h', to: '87600h' }),
    'Warn when the certificate expires within this time; the check still passes.',
  ),
}

/** RFC 7301 section 3.1: 1 to 255 bytes. */
const protocolName = text('the name of a protocol such as "h2"', /^[!-~]{1,255}$/)

export const tlsCheck = table(
  {
    type: type('tls'),
    ...common,
    ...encryption,
    alpn: optional(
      list(protocolName, { expected: 'a list of protocols such as ["h2"]', atLeast: 1, atMost: 16 }),
      'Protocols of which the server must choose one.',
    ),
    proxy_protocol: proxyProtocol,
  },
  { title: 'a tls check', later, synonyms },
)
