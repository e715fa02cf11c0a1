/** A check of type `tls`, and what every check over TLS has. */
import type { Millis } from '../../base/units.js'
import { nameIn } from '../host-name.js'
import type { CompleteOf } from '../schema.js'
import type { tlsCheck } from '../tables/checks/tls.js'
import { formatDuration } from '../values.js'
import { type CheckCommon, commonOf } from './common.js'

/** Files are told by their paths: what is in them is no part of the configuration. */
export interface EncryptionConfig {
  /** Name sent in the handshake (RFC 6066 section 3); undefined: the Host header's where there is one. */
  readonly sni: string | undefined
  /** The certificate must be valid, trusted and for the name. */
  readonly verify: boolean
  /** Trusted authorities; undefined: the system's. */
  readonly caFile: string | undefined
  /** Client certificate and its key: both or neither. */
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  /** Warn this long before the certificate expires; undefined: never. */
  readonly expiresWithin: Millis | undefined
}

export interface TlsCheckConfig extends CheckCommon, EncryptionConfig {
  readonly type: 'tls'
  /** The server must choose one of these (RFC 7301); undefined: nothing is offered. */
  readonly alpn: readonly string[] | undefined
  /** Version of the PROXY protocol's header; undefined: none is sent. */
  readonly proxyProtocol: 1 | 2 | undefined
}

type EncryptionTable = Pick<
  CompleteOf<typeof tlsCheck>,
  'address' | 'sni' | 'verify' | 'ca_file' | 'cert_file' | 'key_file' | 'expires_within'
> & { readonly host?: string | undefined }

export const encryptionOf = (table: EncryptionTable): EncryptionConfig => ({
  // Whoever names a machine, and no host, means the certificate of that name.
  sni: table.sni?.toLowerCase() ?? (table.host === undefined ? nameIn(table.address) : undefined),
  verify: table.verify,
  caFile: table.ca_file,
  certFile: table.cert_file,
  keyFile: table.key_file,
  expiresWithin: table.expires_within,
})

export const buildTls = (table: CompleteOf<typeof tlsCheck>): TlsCheckConfig => ({
  type: 'tls',
  ...commonOf(table),
  ...encryptionOf(table),
  alpn: table.alpn,
  proxyProtocol: table.proxy_protocol,
})

export const normalEncryption = (config: EncryptionConfig) => ({
  sni: config.sni,
  verify: config.verify,
  ca_file: config.caFile,
  cert_file: config.certFile,
  key_file: config.keyFile,
  expires_within: config.expiresWithin && formatDuration(config.expiresWithin),
})

export const normalTls = (config: TlsCheckConfig) => ({
  ...normalEncryption(config),
  alpn: config.alpn,
  proxy_protocol: config.proxyProtocol,
})
