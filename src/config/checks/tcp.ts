/** A check of type `tcp`. */
import type { CompleteOf } from '../schema.js'
import type { tcpCheck } from '../tables/checks/tcp.js'
import { type CheckCommon, commonOf } from './common.js'

export interface TcpCheckConfig extends CheckCommon {
  readonly type: 'tcp'
  /** Sent once connected, in UTF-8; then something must be answered. */
  readonly send: string | undefined
  /** Regular expression that the first 64 KiB of what the server says must match. */
  readonly expect: string | undefined
  /** `forwarding`: of a server by `direct` or `tunnel`, at the virtual address. */
  readonly through: 'address' | 'forwarding'
}

export const buildTcp = (table: CompleteOf<typeof tcpCheck>): TcpCheckConfig => ({
  type: 'tcp',
  ...commonOf(table),
  send: table.send,
  expect: table.expect,
  through: table.through,
})

export const normalTcp = ({ send, expect, through }: TcpCheckConfig) => ({ send, expect, through })
