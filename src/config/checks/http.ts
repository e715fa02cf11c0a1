/** A check of type `http`, and what one over TLS has as well. */

import { nameIn } from '../host-name.js'
import type { CompleteOf } from '../schema.js'
import type { httpCheck } from '../tables/checks/http.js'
import { type CheckCommon, commonOf } from './common.js'

export interface RequestConfig {
  readonly path: string
  readonly method: string
  /** Host header; undefined: the address. Of a check whose `address` is a name, that name. */
  readonly host: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Accepted status codes as inclusive ranges. */
  readonly status: readonly { readonly from: number; readonly to: number }[]
  /** Regular expression that the first 64 KiB of the body must match. */
  readonly body: string | undefined
  /** Of the whole body, in lower case. */
  readonly bodySha256: string | undefined
  /** Header of the answer that gives the server's weight. */
  readonly weightHeader: string | undefined
  /** Version of the PROXY protocol's header; undefined: none is sent. */
  readonly proxyProtocol: 1 | 2 | undefined
}

export interface HttpCheckConfig extends CheckCommon, RequestConfig {
  readonly type: 'http'
}

type RequestTable = Omit<CompleteOf<typeof httpCheck>, 'type' | 'http2'>

export function requestOf(table: RequestTable): RequestConfig {
  const { address, path, method, headers, status, body } = table
  // Whoever names a machine means the site of that name.
  const host = table.host ?? nameIn(address)
  return {
    path,
    method,
    host,
    headers,
    status,
    body,
    bodySha256: table.body_sha256?.toLowerCase(),
    weightHeader: table.weight_header,
    proxyProtocol: table.proxy_protocol,
  }
}

export const buildHttp = (table: CompleteOf<typeof httpCheck>): HttpCheckConfig => ({
  type: 'http',
  ...commonOf(table),
  ...requestOf(table),
})

export function normalRequest(config: RequestConfig) {
  const { path, method, host, headers, status, body } = config
  const ranges = status.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
  return {
    path,
    method,
    host,
    headers: inOrder(headers),
    status: ranges,
    body,
    body_sha256: config.bodySha256,
    weight_header: config.weightHeader,
    proxy_protocol: config.proxyProtocol,
  }
}

const inOrder = (table: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)))
