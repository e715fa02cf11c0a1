/** A check of type `tcp`. */
import type { CompleteOf } from '../schema.js'
import type { tcpCheck } from '../tables/checks/tcp.js'
import { type CheckCommon, commonOf } from './common.js'

export interface TcpCheckConfig extends CheckCommon {
  readonly type: 'tcp'
}

export const buildTcp = (table: CompleteOf<typeof tcpCheck>): TcpCheckConfig => ({
  type: 'tcp',
  ...commonOf(table),
})
