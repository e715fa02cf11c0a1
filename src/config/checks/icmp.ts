/** A check of type `icmp`. */
import type { CompleteOf } from '../schema.js'
import type { icmpCheck } from '../tables/checks/icmp.js'
import { type CheckCommon, commonOf } from './common.js'

export interface IcmpCheckConfig extends CheckCommon {
  readonly type: 'icmp'
  readonly port: undefined
  /** Bytes of payload. */
  readonly size: number
}

export const buildIcmp = (table: CompleteOf<typeof icmpCheck>): IcmpCheckConfig => ({
  ...commonOf({ ...table, port: undefined }),
  type: 'icmp',
  port: undefined,
  size: table.size,
})

export const normalIcmp = ({ size }: IcmpCheckConfig) => ({ size })
