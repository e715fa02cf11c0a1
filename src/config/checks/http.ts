/** A check of type `http`. */
import type { CompleteOf } from '../schema.js'
import type { httpCheck } from '../tables/checks/http.js'
import { type CheckCommon, commonOf } from './common.js'

export interface HttpCheckConfig extends CheckCommon {
  readonly type: 'http'
  readonly path: string
  readonly method: string
  /** Host header; undefined: the address. */
  readonly host: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Accepted status codes as inclusive ranges. */
  readonly status: readonly { readonly from: number; readonly to: number }[]
  /** Regular expression that the first 64 KiB of the body must match. */
  readonly body: string | undefined
}

export function buildHttp(table: CompleteOf<typeof httpCheck>): HttpCheckConfig {
  const { path, method, host, headers, status, body } = table
  return { type: 'http', ...commonOf(table), path, method, host, headers, status, body }
}

export function normalHttp({ path, method, host, headers, status, body }: HttpCheckConfig) {
  const ranges = status.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
  return { path, method, host, headers: inOrder(headers), status: ranges, body }
}

const inOrder = (table: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)))
