/** A check of type `dns`. */
import type { CompleteOf } from '../schema.js'
import type { DnsCode, DnsRecord, dnsCheck } from '../tables/checks/dns.js'
import { type CheckCommon, commonOf } from './common.js'

export interface DnsCheckConfig extends CheckCommon {
  readonly type: 'dns'
  /** With or without the dot at its end. */
  readonly name: string
  readonly record: DnsRecord
  readonly rcode: DnsCode
  /** Regular expression for one of the records; undefined: none is asked for. */
  readonly expect: string | undefined
  /** `udp`: over TCP only where the answer is cut short. */
  readonly transport: 'udp' | 'tcp'
}

export function buildDns(table: CompleteOf<typeof dnsCheck>): DnsCheckConfig {
  const { name, record, rcode, expect, transport } = table
  return { type: 'dns', ...commonOf(table), name, record, rcode, expect, transport }
}

export const normalDns = ({ name, record, rcode, expect, transport }: DnsCheckConfig) => ({
  name,
  record,
  rcode,
  expect,
  transport,
})
