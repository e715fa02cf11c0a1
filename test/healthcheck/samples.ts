/** Configuration as a file would give it, for tests. */
import { type Endpoint, type IpAddress, parseEndpoint, parseIp } from '../../src/base/ip.js'
import { millis, type Weight, weight } from '../../src/base/units.js'
import type { CheckConfig } from '../../src/config/check.js'
import type { HttpCheckConfig } from '../../src/config/checks/http.js'
import type { HttpsCheckConfig } from '../../src/config/checks/https.js'
import type { TcpCheckConfig } from '../../src/config/checks/tcp.js'
import type { TlsCheckConfig } from '../../src/config/checks/tls.js'
import type { RealServerConfig, VirtualServiceConfig } from '../../src/config/model.js'

export function ip(text: string): IpAddress {
  const address = parseIp(text)
  if (!address) throw new Error(`no address: ${text}`)
  return address
}

export function endpoint(text: string): Endpoint {
  const parsed = parseEndpoint(text)
  if (!parsed) throw new Error(`no endpoint: ${text}`)
  return parsed
}

const common = {
  interval: millis(1_000),
  fastInterval: undefined,
  timeout: millis(400),
  rise: 2,
  fall: 3,
  address: undefined,
  port: undefined,
  bind: undefined,
}

export const tcpCheck = (changes: Partial<TcpCheckConfig> = {}): TcpCheckConfig => ({
  ...common,
  type: 'tcp',
  send: undefined,
  expect: undefined,
  through: 'address',
  ...changes,
})

const request = {
  path: '/healthz',
  method: 'GET',
  host: undefined,
  headers: {},
  status: [{ from: 200, to: 399 }],
  body: undefined,
  bodySha256: undefined,
  weightHeader: undefined,
  proxyProtocol: undefined,
}

const encryption = {
  sni: undefined,
  verify: true,
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  expiresWithin: undefined,
}

export const httpCheck = (changes: Partial<HttpCheckConfig> = {}): HttpCheckConfig => ({
  ...common,
  ...request,
  type: 'http',
  ...changes,
})

export const httpsCheck = (changes: Partial<HttpsCheckConfig> = {}): HttpsCheckConfig => ({
  ...common,
  ...request,
  ...encryption,
  type: 'https',
  http2: false,
  ...changes,
})

export const tlsCheck = (changes: Partial<TlsCheckConfig> = {}): TlsCheckConfig => ({
  ...common,
  ...encryption,
  type: 'tls',
  alpn: undefined,
  proxyProtocol: undefined,
  ...changes,
})

export function server(address: string, checks: readonly CheckConfig[], name = address): RealServerConfig {
  const share = weight(100) as Weight
  return {
    name,
    endpoint: endpoint(address),
    weight: share,
    forwarding: 'direct',
    tunnel: undefined,
    upperThreshold: 0,
    lowerThreshold: 0,
    checks,
  }
}

export const service = (name: string, realServers: readonly RealServerConfig[]): VirtualServiceConfig => ({
  name,
  address: { kind: 'fwmark', family: 4, mark: 1 },
  protocol: undefined,
  scheduler: 'wlc',
  schedulerFlags: [],
  onePacket: false,
  forwarding: 'direct',
  persistence: undefined,
  persistenceNetmask: undefined,
  persistenceEngine: undefined,
  onDown: 'quiesce',
  drainTimeout: undefined,
  slowStart: undefined,
  quorum: 1,
  quorumHysteresis: 0,
  panicThreshold: undefined,
  initial: 'up',
  realServers,
  sorryServer: undefined,
})
