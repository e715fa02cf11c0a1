/** Whether the certificate that a server showed is good, and for how long. */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { EncryptionConfig } from '../../config/checks/tls.js'
import { type Failure, failed } from '../outcome.js'
import { type CertificateFacts, certificateWords, expiryWarning } from '../tls-words.js'

export interface CertificateVerdict {
  readonly failure: Failure | undefined
  /** It is accepted, and will soon not be. */
  readonly warning: string | undefined
}

/** More are no chain. */
const longestChain = 10

/** `name`: what it must be for; undefined: anything, because nobody said what the server is called. */
export function judgeCertificate(
  socket: TLSSocket,
  { verify, expiresWithin }: EncryptionConfig,
  name: string | undefined,
): CertificateVerdict {
  const leaf = socket.getPeerX509Certificate()
  if (!leaf) return { failure: failed('the server showed no certificate'), warning: undefined }
  const facts = factsOf(leaf)
  const code = verify ? problemOf(socket, leaf, name) : undefined
  if (code !== undefined) return { failure: failed(certificateWords(code, facts, name)), warning: undefined }
  const within = expiresWithin ?? Number.NEGATIVE_INFINITY
  return { failure: undefined, warning: expiryWarning(facts.until, Date.now(), within) }
}

/** RFC 6125 section 6.4.3: a wildcard is the whole of the leftmost label. */
const wholeWildcards = { partialWildcards: false }

function isFor(leaf: X509Certificate, name: string): boolean {
  const found = isIP(name) === 0 ? leaf.checkHost(name, wholeWildcards) : leaf.checkIP(name)
  return found !== undefined
}

/** As Node and OpenSSL call it. */
function problemOf(socket: TLSSocket, leaf: X509Certificate, name: string | undefined): string | undefined {
  // The declared type is wrong: it is the code, or null.
  const ofChain: unknown = socket.authorizationError
  if (ofChain) return String(ofChain)
  return name === undefined || isFor(leaf, name) ? undefined : 'ERR_TLS_CERT_ALTNAME_INVALID'
}

function factsOf(leaf: X509Certificate): CertificateFacts {
  const chain = chainOf(leaf)
  return {
    names: namesOf(leaf),
    issuer: lineOf(leaf.issuer, 'CN') ?? lineOf(leaf.issuer, 'O') ?? 'which has no name',
    from: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
    until: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
  }
}

function chainOf(leaf: X509Certificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let next: X509Certificate | undefined = leaf
  while (next && chain.length < longestChain) {
    chain.push(next)
    const issuer: X509Certificate | undefined = next.issuerCertificate
    next = issuer?.fingerprint256 === next.fingerprint256 ? undefined : issuer
  }
  return chain
}

/** Those that count: the subject's common name only where there is no other. */
function namesOf(leaf: X509Certificate): readonly string[] {
  const others = leaf.subjectAltName?.split(', ').map((one) => one.replace(/^(DNS|IP Address):/, ''))
  return others ?? [lineOf(leaf.subject, 'CN') ?? '']
}

const lineOf = (lines: string, key: string): string | undefined =>
  lines
    .split('\n')
    .find((line) => line.startsWith(`${key}=`))
    ?.slice(key.length + 1)
