/** What OpenSSL and Node call a failed handshake, in the words of an operator. */

/** Alerts that the server sent (RFC 8446 section 6), and what OpenSSL found wrong with its answer. */
const words: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the port does not speak TLS',
  ERR_SSL_HTTP_REQUEST: 'the port does not speak TLS',
  ERR_SSL_RECORD_LAYER_FAILURE: 'the port does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no common version of TLS, 1.2 or newer is needed',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'no common version of TLS, 1.2 or newer is needed',
  ERR_SSL_VERSION_TOO_LOW: 'no common version of TLS, 1.2 or newer is needed',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the server refused the handshake: no common cipher, or it requires a client certificate',
  ERR_SSL_NO_SHARED_CIPHER: 'no common cipher',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server requires a client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the server does not know the authority of our client certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the server refused our client certificate',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: 'the server refused our client certificate: unsupported',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'the server refused our client certificate: revoked',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the server refused our client certificate: expired',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'the server refused our client certificate',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: 'the server denied access to our client certificate',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the server does not know the name that was asked for (sni)',
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'the server reported an internal error in the handshake',
  ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY: 'the server demands stronger ciphers',
  ERR_SSL_TLSV1_ALERT_USER_CANCELLED: 'the server gave up the handshake',
}

/** Undefined for a code that is no matter of TLS. */
export function tlsWords(code: string): string | undefined {
  const known = words[code]
  if (known !== undefined) return known
  if (!/^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)) return undefined
  const alert = /ALERT_(.+)$/.exec(code)?.[1]?.toLowerCase().replaceAll('_', ' ')
  return alert === undefined
    ? `the TLS handshake failed (${code})`
    : `the server ended TLS with the alert "${alert}"`
}

export interface CertificateFacts {
  /** Names of the certificate and of whoever signed it. */
  readonly names: readonly string[]
  readonly issuer: string
  /** The dates between which all of the chain is valid, in milliseconds since the epoch. */
  readonly from: number
  readonly until: number
}

const day = (moment: number): string => new Date(moment).toISOString().slice(0, 10)

/** Why a certificate is not accepted. What comes from it is a stranger's text: it is shortened. */
export function certificateWords(code: string, facts: CertificateFacts, name = ''): string {
  const issuer = shown(facts.issuer)
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `certificate expired on ${day(facts.until)}`
    case 'CERT_NOT_YET_VALID':
      return `certificate is not valid before ${day(facts.from)}`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'certificate is self-signed, and no authority of ours (ca_file)'
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return `certificate is from an authority that is not trusted, ${issuer} (ca_file)`
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `certificate is from an unknown authority, ${issuer} (ca_file), or the server does not send the certificates between`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `certificate is for ${shown(facts.names.slice(0, 3).join(', ')) || 'no name'}, not for ${name}`
    case 'CERT_SIGNATURE_FAILURE':
      return "the certificate's signature is wrong"
    case 'INVALID_PURPOSE':
      return 'certificate is not meant for a server'
    case 'INVALID_CA':
      return `certificate is signed by what is no authority, ${issuer}`
    default:
      return `certificate not accepted (${code})`
  }
}

/** `certificate expires on 2026-11-29, in 6 days`; undefined when that is longer off than `within` milliseconds. */
export function expiryWarning(until: number, now: number, within: number): string | undefined {
  const left = until - now
  if (left > within) return undefined
  if (left <= 0) return `certificate expired on ${day(until)}`
  const days = Math.floor(left / 86_400_000)
  const when = days === 0 ? 'within a day' : `in ${days} day${days === 1 ? '' : 's'}`
  return `certificate expires on ${day(until)}, ${when}`
}

function shown(text: string): string {
  const plain = text.replace(/[^ -~]/g, '?')
  return plain.length > 80 ? `${plain.slice(0, 77)}...` : plain
}
