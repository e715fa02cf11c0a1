/** `check`: how a real server proves that it is there. One file a kind in `checks/`. */
import { list, oneOrMany, variant } from '../collections.js'
import type { CompleteOf, DraftOf } from '../schema.js'
import { table } from '../table.js'
import { agentCheck } from './checks/agent.js'
import { type } from './checks/common.js'
import { dnsCheck } from './checks/dns.js'
import { grpcCheck } from './checks/grpc.js'
import { httpCheck } from './checks/http.js'
import { httpsCheck } from './checks/https.js'
import { icmpCheck } from './checks/icmp.js'
import { scriptCheck } from './checks/script.js'
import { smtpCheck } from './checks/smtp.js'
import { tcpCheck } from './checks/tcp.js'
import { tlsCheck } from './checks/tls.js'
import { udpCheck } from './checks/udp.js'

const noCheck = table({ type: type('none') }, { title: 'a check of type none' })

type Tables =
  | typeof tcpCheck
  | typeof httpCheck
  | typeof httpsCheck
  | typeof tlsCheck
  | typeof icmpCheck
  | typeof grpcCheck
  | typeof dnsCheck
  | typeof udpCheck
  | typeof smtpCheck
  | typeof agentCheck
  | typeof scriptCheck
  | typeof noCheck
/** A check in the file's own words, every default filled in. */
export type CheckTable = CompleteOf<Tables>

const oneCheck = variant<CheckTable, DraftOf<Tables>>(
  'type',
  {
    tcp: tcpCheck,
    http: httpCheck,
    https: httpsCheck,
    tls: tlsCheck,
    icmp: icmpCheck,
    grpc: grpcCheck,
    dns: dnsCheck,
    udp: udpCheck,
    smtp: smtpCheck,
    agent: agentCheck,
    script: scriptCheck,
    none: noCheck,
  },
  {
    later: [],
    expected: 'a check such as { type = "tcp" }',
  },
)

/** A single check, or several that must all pass. */
export const checks = oneOrMany(
  oneCheck,
  list(oneCheck, { expected: 'a check, or { type = "none" } for none', atLeast: 1 }),
)
