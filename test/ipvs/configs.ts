/** Configured services for the tests, as short texts. */
import assert from 'node:assert/strict'
import { millis, type Weight } from '../../src/base/units.js'
import type { RealServerConfig, VirtualServiceConfig } from '../../src/config/model.js'
import { parsePorts, parseServerAddress } from '../../src/config/service-address.js'

function parsed<T>(parse: (text: string) => T | undefined, text: string): T {
  const value = parse(text)
  assert.ok(value, text)
  return value
}

const check = {
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
} as const

/** Weight 100, direct, one check. */
export function server(address: string, change: Partial<RealServerConfig> = {}): RealServerConfig {
  return {
    name: address,
    endpoint: parsed(parseServerAddress, address),
    weight: 100 as Weight,
    forwarding: 'direct',
    tunnel: undefined,
    upperThreshold: 0,
    lowerThreshold: 0,
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
    address: parsed(parsePorts, address),
    protocol: 'tcp',
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
    ...change,
  }
}
