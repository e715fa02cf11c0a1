/** Configured services for the tests, as short texts. */
import assert from 'node:assert/strict'
import { parseEndpoint } from '../../src/base/ip.js'
import { millis, type Weight } from '../../src/base/units.js'
import type { RealServerConfig, VirtualServiceConfig } from '../../src/config/model.js'

function endpoint(text: string) {
  const parsed = parseEndpoint(text)
  assert.ok(parsed, text)
  return parsed
}

const check = {
  type: 'tcp',
  interval: millis(1000),
  timeout: millis(1000),
  rise: 2,
  fall: 3,
  port: undefined,
  bind: undefined,
} as const

/** Weight 100, direct, one check. */
export function server(address: string, change: Partial<RealServerConfig> = {}): RealServerConfig {
  return {
    name: address,
    endpoint: endpoint(address),
    weight: 100 as Weight,
    forwarding: 'direct',
    checks: [check],
    ...change,
  }
}

/** TCP, wlc, quiesce, up. */
export function service(
  name: string,
  address: string,
  realServers: readonly RealServerConfig[],
  change: Partial<VirtualServiceConfig> = {},
): VirtualServiceConfig {
  return {
    name,
    endpoint: endpoint(address),
    protocol: 'tcp',
    scheduler: 'wlc',
    forwarding: 'direct',
    persistence: undefined,
    onDown: 'quiesce',
    initial: 'up',
    realServers,
    ...change,
  }
}
