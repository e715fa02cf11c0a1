/** A check of type `https`. */
import type { CompleteOf } from '../schema.js'
import type { httpsCheck } from '../tables/checks/https.js'
import { type CheckCommon, commonOf } from './common.js'
import { normalRequest, type RequestConfig, requestOf } from './http.js'
import { type EncryptionConfig, encryptionOf, normalEncryption } from './tls.js'

export interface HttpsCheckConfig extends CheckCommon, RequestConfig, EncryptionConfig {
  readonly type: 'https'
  /** HTTP/2 and nothing else; otherwise HTTP/1.1 and nothing else. */
  readonly http2: boolean
}

export const buildHttps = (table: CompleteOf<typeof httpsCheck>): HttpsCheckConfig => ({
  type: 'https',
  ...commonOf(table),
  ...requestOf(table),
  http2: table.http2,
  ...encryptionOf(table),
})

export const normalHttps = (config: HttpsCheckConfig) => ({
  ...normalRequest(config),
  http2: config.http2,
  ...normalEncryption(config),
})
