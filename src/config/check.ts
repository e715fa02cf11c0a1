/** A check in the model, from the file's words and back into them. One file a kind in `checks/`. */
import { millis } from '../base/units.js'
import { type AgentCheckConfig, buildAgent, normalAgent } from './checks/agent.js'
import { normalCommon } from './checks/common.js'
import { buildDns, type DnsCheckConfig, normalDns } from './checks/dns.js'
import { buildGrpc, type GrpcCheckConfig, normalGrpc } from './checks/grpc.js'
import { buildHttp, type HttpCheckConfig, normalRequest } from './checks/http.js'
import { buildHttps, type HttpsCheckConfig, normalHttps } from './checks/https.js'
import { buildIcmp, type IcmpCheckConfig, normalIcmp } from './checks/icmp.js'
import { buildScript, normalScript, type ScriptCheckConfig } from './checks/script.js'
import { buildSmtp, normalSmtp, type SmtpCheckConfig } from './checks/smtp.js'
import { buildTcp, normalTcp, type TcpCheckConfig } from './checks/tcp.js'
import { buildTls, normalTls, type TlsCheckConfig } from './checks/tls.js'
import { buildUdp, normalUdp, type UdpCheckConfig } from './checks/udp.js'
import { given, type NormalTable } from './normal-table.js'
import type { CheckTable } from './tables/check.js'

export type CheckConfig =
  | TcpCheckConfig
  | HttpCheckConfig
  | HttpsCheckConfig
  | TlsCheckConfig
  | AgentCheckConfig
  | SmtpCheckConfig
  | UdpCheckConfig
  | DnsCheckConfig
  | IcmpCheckConfig
  | GrpcCheckConfig
  | ScriptCheckConfig

/** What a TCP service's servers have that are given none. */
export const defaultCheck: CheckConfig = {
  type: 'tcp',
  interval: millis(1000),
  fastInterval: undefined,
  timeout: millis(1000),
  rise: 2,
  fall: 3,
  address: undefined,
  port: undefined,
  bind: undefined,
  send: undefined,
  expect: undefined,
  through: 'address',
}

/** Empty where the file asks for none. */
export function buildCheck(check: CheckTable): readonly CheckConfig[] {
  switch (check.type) {
    case 'none':
      return []
    case 'tcp':
      return [buildTcp(check)]
    case 'http':
      return [buildHttp(check)]
    case 'https':
      return [buildHttps(check)]
    case 'tls':
      return [buildTls(check)]
    case 'icmp':
      return [buildIcmp(check)]
    case 'grpc':
      return [buildGrpc(check)]
    case 'dns':
      return [buildDns(check)]
    case 'udp':
      return [buildUdp(check)]
    case 'smtp':
      return [buildSmtp(check)]
    case 'agent':
      return [buildAgent(check)]
    case 'script':
      return [buildScript(check)]
  }
}

export const normalCheck = (config: CheckConfig): NormalTable =>
  given({ type: config.type, ...normalCommon(config), ...ofKind(config) })

function ofKind(config: CheckConfig) {
  switch (config.type) {
    case 'tcp':
      return normalTcp(config)
    case 'http':
      return normalRequest(config)
    case 'https':
      return normalHttps(config)
    case 'tls':
      return normalTls(config)
    case 'icmp':
      return normalIcmp(config)
    case 'grpc':
      return normalGrpc(config)
    case 'dns':
      return normalDns(config)
    case 'udp':
      return normalUdp(config)
    case 'smtp':
      return normalSmtp(config)
    case 'agent':
      return normalAgent(config)
    case 'script':
      return normalScript(config)
  }
}
