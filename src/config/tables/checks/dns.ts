/** `type = "dns"`: a question is answered as it should be. */
import { defaulted, optional, required } from '../../schema.js'
import { table } from '../../table.js'
import { choice, text } from '../../values.js'
import { common, later, synonyms, type } from './common.js'
import { regularExpression } from './regular-expression.js'

/** Of RFC 1035 section 3.2.2 and of those that came after it. */
export const dnsRecords = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const
export type DnsRecord = (typeof dnsRecords)[number]

/** RFC 1035 section 4.1.1: the place in the list is the code. */
export const dnsCodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const
export type DnsCode = (typeof dnsCodes)[number]

/** RFC 1035 section 2.3.4: 63 bytes a label, 255 in all with the lengths. */
const domainName = text(
  'a domain name such as "www.example.org", or "."',
  /^(?:\.|(?=.{1,253}\.?$)(?:[!-,/-[\]-~-]{1,63}\.)*[!-,/-[\]-~-]{1,63}\.?)$/,
)

export const dnsCheck = table(
  {
    type: type('dns'),
    ...common,
    name: required(domainName, 'The name that is asked for.'),
    record: defaulted(choice(dnsRecords), 'A', 'The type of record that is asked for.'),
    rcode: defaulted(choice(dnsCodes), 'NOERROR', 'The response code that passes.'),
    expect: optional(
      regularExpression,
      'Regular expression that one of the records must match, written as in a zone file; any answer.',
    ),
    transport: defaulted(choice(['udp', 'tcp']), 'udp', 'udp: over TCP only where the answer is cut short.'),
  },
  {
    title: 'a dns check',
    later,
    synonyms: { ...synonyms, query_type: 'record', qtype: 'record', query: 'name', answer: 'expect' },
  },
)
