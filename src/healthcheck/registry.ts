/** Which real servers stand on which checks. Built anew from each configuration; what did not change keeps its history. */
import type { AskedBy, Health } from '../base/facts.js'
import { type Endpoint, formatEndpoint, formatIp } from '../base/ip.js'
import type { Millis } from '../base/units.js'
import type { CheckConfig } from '../config/check.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { type CheckState, initialCheckState } from './health.js'
import { type CheckIdentity, identify } from './identity.js'
import { type CheckTarget, pathTo } from './target.js'

/** One check as it runs, whoever shares it. */
export interface CheckEntry extends CheckIdentity {
  readonly check: CheckConfig
  readonly servers: ServerEntry[]
  state: CheckState
  /** The real server that it speaks to; undefined where it goes elsewhere. */
  readonly host: string | undefined
  /** Of the last run that passed, until one fails. */
  warning: string | undefined
  /** What the last run found and how long it took, in milliseconds; undefined before the first. */
  lastReason: string | undefined
  lastDuration: number | undefined
}

/** One real server of one virtual service. */
export interface ServerEntry {
  readonly service: string
  readonly server: string
  readonly endpoint: Endpoint
  readonly checks: CheckEntry[]
  health: Health
  reason: string
  /** Wall clock: when `health` began. */
  since: number
  /** As the file has it. */
  readonly weight: number
  /** What its checks ask for, as last told; and what it comes to, and when that was told. */
  asked: AskedBy | undefined
  told: { readonly weight: number; readonly at: Millis } | undefined
  /** Its checks ask for something else by now, which waits to be told. */
  untold: boolean
}

export interface Registry {
  readonly checks: ReadonlyMap<string, CheckEntry>
  readonly servers: ReadonlyMap<string, ServerEntry>
  /** The checks that speak to a real server, by its address. */
  readonly hosts: ReadonlyMap<string, readonly CheckEntry[]>
}

export const emptyRegistry: Registry = { checks: new Map(), servers: new Map(), hosts: new Map() }

/**
 * @param old keeps its entries' history in the new registry where a check, or a server with its address, is unchanged
 * @param wall milliseconds since the epoch: the beginning of what is new
 */
export function buildRegistry(
  old: Registry,
  services: readonly VirtualServiceConfig[],
  wall: number,
): Registry {
  const checks = new Map<string, CheckEntry>()
  const servers = new Map<string, ServerEntry>()
  for (const service of services) {
    for (const realServer of service.realServers) {
      const { name, endpoint, weight } = realServer
      const key = `${service.name}\0${name}`
      const before = old.servers.get(key)
      const same = before && sameEndpoint(before.endpoint, endpoint) ? before : undefined
      const server: ServerEntry = {
        service: service.name,
        server: name,
        endpoint,
        checks: [],
        health: same?.health ?? 'unknown',
        reason: same?.reason ?? 'no check has finished yet',
        since: same?.since ?? wall,
        weight,
        asked: same?.asked,
        told: same?.weight === weight ? same.told : undefined,
        untold: false,
      }
      servers.set(key, server)
      // Of a service that did not change both are the very same, and so is what it is called.
      const known = same?.endpoint === endpoint ? same.checks : []
      const path = pathTo(service, realServer)
      for (const check of realServer.checks) {
        const named = known.find((entry) => entry.check === check) ?? identify(check, endpoint, path)
        attach(checks, old, check, named, server)
      }
    }
  }
  return { checks, servers, hosts: byHost(checks.values()) }
}

/** Of a service that did not change it is the very same. */
const sameEndpoint = (a: Endpoint, b: Endpoint): boolean => a === b || formatEndpoint(a) === formatEndpoint(b)

function byHost(checks: Iterable<CheckEntry>): ReadonlyMap<string, readonly CheckEntry[]> {
  const hosts = new Map<string, CheckEntry[]>()
  for (const check of checks) {
    if (check.host === undefined) continue
    const there = hosts.get(check.host)
    if (there) there.push(check)
    else hosts.set(check.host, [check])
  }
  return hosts
}

function attach(
  checks: Map<string, CheckEntry>,
  old: Registry,
  check: CheckConfig,
  { key, target, subject }: CheckIdentity,
  server: ServerEntry,
): void {
  let entry = checks.get(key)
  if (!entry) {
    const before = old.checks.get(key)
    const state = before?.state ?? initialCheckState(subject)
    const host = hostOf(target, server)
    const last = {
      warning: before?.warning,
      lastReason: before?.lastReason,
      lastDuration: before?.lastDuration,
    }
    entry = { key, target, subject, check, servers: [], state, host, ...last }
    checks.set(key, entry)
  }
  if (server.checks.includes(entry)) return
  server.checks.push(entry)
  entry.servers.push(server)
}

function hostOf(target: CheckTarget, { endpoint }: ServerEntry): string | undefined {
  const host = formatIp(endpoint.address)
  if ('virtual' in target) return host
  return 'address' in target && formatIp(target.address) === host ? host : undefined
}
