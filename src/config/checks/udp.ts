/** A check of type `udp`. */
import type { CompleteOf } from '../schema.js'
import type { HexBytes } from '../tables/checks/payload.js'
import type { udpCheck } from '../tables/checks/udp.js'
import { type CheckCommon, commonOf } from './common.js'

export interface UdpCheckConfig extends CheckCommon {
  readonly type: 'udp'
  readonly send: string | HexBytes
  /** A regular expression, or what the answer begins with; undefined: any answer will do. */
  readonly expect: string | HexBytes | undefined
  /** Silence fails. */
  readonly requireReply: boolean
}

export const buildUdp = (table: CompleteOf<typeof udpCheck>): UdpCheckConfig => ({
  type: 'udp',
  ...commonOf(table),
  send: table.send,
  expect: table.expect,
  requireReply: table.require_reply,
})

export const normalUdp = ({ send, expect, requireReply }: UdpCheckConfig) => ({
  send: inFile(send),
  expect: expect && inFile(expect),
  require_reply: requireReply,
})

const inFile = (bytes: string | HexBytes) => (typeof bytes === 'string' ? bytes : { hex: bytes.hex })
