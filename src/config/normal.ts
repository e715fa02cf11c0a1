/**
 * A configuration in the file's own words, complete and in one order: two files that mean the same have
 * the same normal form. What the hash is taken of, and what `diff` compares.
 */
import { createHash } from 'node:crypto'
import { formatIp } from '../base/ip.js'
import type { Millis } from '../base/units.js'
import { type CheckConfig, normalCheck } from './check.js'
import { normalHook } from './hook.js'
import type {
  Config,
  DestinationConfig,
  IpvsConfig,
  RealServerConfig,
  VirtualRouterConfig,
  VirtualServiceConfig,
} from './model.js'
import { given, type NormalTable } from './normal-table.js'
import { normalAddress, normalRoute, normalRule } from './routing.js'
import type { Json } from './schema.js'
import { formatServerAddress, formatServiceAddress, type ServiceAddress } from './service-address.js'
import { normalTrack } from './track.js'
import { formatDuration } from './values.js'

type Content = Omit<Config, 'hash'>

export interface NormalForm {
  readonly pair: NormalTable
  readonly director: readonly NormalTable[]
  readonly virtual_router: readonly NormalTable[]
  readonly virtual_service: readonly NormalTable[]
  readonly sync: NormalTable
  readonly ipvs: NormalTable
  readonly healthcheck: NormalTable
  readonly control: NormalTable
  readonly log: NormalTable
  readonly hook: readonly NormalTable[]
}

/** `services`: those to be told; all of them for a hash. */
export function normalForm(config: Content, services = config.virtualServices): NormalForm {
  return {
    pair: given({ name: config.pair.name, key_file: config.pair.keyFile, port: config.pair.port }),
    // The order of directors is kept: it is their sync ids.
    director: config.directors.map(({ name, address, addresses, priority }) => ({
      name,
      address: formatIp(address),
      addresses: addresses.map(formatIp),
      priority,
    })),
    virtual_router: sorted(config.virtualRouters.map(router)),
    virtual_service: sorted(services.map(service)),
    sync: { transport: config.sync.transport },
    ipvs: {
      on_exit: config.ipvs.onExit,
      manage: config.ipvs.manage,
      reconcile_interval: formatDuration(config.ipvs.reconcileInterval),
      sysctls: config.ipvs.sysctls,
      timeouts: timeouts(config.ipvs),
    },
    healthcheck: { processes: config.healthcheck.processes },
    control: given({
      group: config.control.group,
      mode: `0${config.control.mode.toString(8).padStart(3, '0')}`,
    }),
    log: { level: config.log.level, format: config.log.format },
    hook: sorted(config.hooks.map(normalHook)),
  }
}

function timeouts({ timeouts: { tcp, tcpFin, udp } }: IpvsConfig): NormalTable {
  const text = (span: Millis | undefined) => span && formatDuration(span)
  return given({ tcp: text(tcp), tcp_fin: text(tcpFin), udp: text(udp) })
}

/**
 * First 16 hex digits of a SHA-256 of the normal form. `digests`: of the services, in their order; one that
 * is known already need not be put into words again.
 */
export function hashOf(config: Content, digests = config.virtualServices.map(digestOf)): string {
  const hash = createHash('sha256').update(canonical({ ...normalForm(config, []) }))
  const named = config.virtualServices.map(({ name }, i) => ({ name, digest: digests[i] ?? '' }))
  for (const { digest } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) hash.update(digest)
  return hash.digest('hex').slice(0, 16)
}

const known = new WeakMap<VirtualServiceConfig, string>()

/** SHA-256 of a service's normal form, whose keys stand in the order of `service`. */
export function digestOf(config: VirtualServiceConfig): string {
  const digest =
    known.get(config) ??
    createHash('sha256')
      .update(JSON.stringify(service(config)))
      .digest('base64')
  known.set(config, digest)
  return digest
}

const fingerprint = (secret: string): string => createHash('sha256').update(secret).digest('hex').slice(0, 8)

const router = (config: VirtualRouterConfig): NormalTable =>
  given({
    name: config.name,
    vrid: config.vrid,
    interface: config.interface,
    addresses: sortedAny(config.addresses.map(normalAddress)),
    routes: sortedAny(config.routes.map(normalRoute)),
    rules: sortedAny(config.rules.map(normalRule)),
    transport: config.transport,
    version: config.version,
    checksum: config.checksum,
    // Enough to see that it changed: a plan is shown to people.
    authentication: config.password && fingerprint(config.password),
    advertisement_interval: formatDuration(config.advertisementInterval),
    preempt: config.preempt,
    preempt_delay: formatDuration(config.preemptDelay),
    group: config.group,
    lease: orZero(config.lease),
    garp: {
      count: config.garp.count,
      interval: formatDuration(config.garp.interval),
      refresh: orZero(config.garp.refresh),
    },
    priority: config.priority,
    track: config.track.map(normalTrack),
    accept: config.accept,
    virtual_mac: config.virtualMac,
  })

const service = (config: VirtualServiceConfig): NormalTable =>
  given({
    name: config.name,
    ...address(config.address),
    protocol: config.protocol,
    scheduler: config.scheduler,
    scheduler_flags: config.schedulerFlags,
    one_packet: config.onePacket,
    forwarding: config.forwarding,
    persistence: orZero(config.persistence),
    persistence_netmask: config.persistenceNetmask,
    persistence_engine: config.persistenceEngine,
    on_down: config.onDown,
    drain_timeout: orZero(config.drainTimeout),
    slow_start: orZero(config.slowStart),
    // Left out where they are what they are in every file: its hash stays what it was.
    quorum: config.quorum === 1 ? undefined : config.quorum,
    quorum_hysteresis: config.quorumHysteresis || undefined,
    panic_threshold: config.panicThreshold,
    initial: config.initial,
    real_servers: sorted(config.realServers.map(server)),
    sorry_server: config.sorryServer && destination(config.sorryServer),
  })

const address = (at: ServiceAddress): NormalTable =>
  at.kind === 'fwmark'
    ? { fwmark: at.mark, family: `ipv${at.family}` }
    : { address: formatServiceAddress(at) }

const destination = ({ endpoint, forwarding, tunnel }: DestinationConfig): NormalTable =>
  given({
    address: formatServerAddress(endpoint),
    forwarding,
    tunnel: tunnel && given({ type: tunnel.type, port: tunnel.port, checksum: tunnel.checksum }),
  })

/** The servers of a service mostly share its check: each is put into words once. */
const normalChecks = new WeakMap<CheckConfig, NormalTable>()

function sharedCheck(config: CheckConfig): NormalTable {
  const known = normalChecks.get(config)
  if (known !== undefined) return known
  const table = normalCheck(config)
  normalChecks.set(config, table)
  return table
}

const server = (config: RealServerConfig): NormalTable => ({
  name: config.name,
  ...destination(config),
  weight: config.weight,
  upper_threshold: config.upperThreshold,
  lower_threshold: config.lowerThreshold,
  check: config.checks.length === 0 ? [{ type: 'none' }] : config.checks.map(sharedCheck),
})

const orZero = (span: Millis | undefined): string => (span === undefined ? '0s' : formatDuration(span))

const sorted = (tables: readonly NormalTable[]): readonly NormalTable[] =>
  [...tables].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1))

/** Where the order in the file means nothing. */
const sortedAny = (values: readonly Json[]): readonly Json[] => {
  const texts = new Map(values.map((value) => [value, canonical(value)]))
  const textOf = (value: Json): string => texts.get(value) ?? ''
  return [...values].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
}

/** JSON with the keys of every table in one order. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  const keys = Object.keys(value).sort()
  const parts: string[] = []
  for (const key of keys) {
    const inner = value[key]
    if (inner !== undefined) parts.push(`${JSON.stringify(key)}:${canonical(inner)}`)
  }
  return `{${parts.join(',')}}`
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
