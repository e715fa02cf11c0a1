import { directorNames, frontAddress, natGateway, ports, serverNames, virtualAddress } from './addresses.js'
import { serverAddress } from './ipvs-table.js'
import type { ForwardingMethod } from './topology.js'

/** What scenarios vary in the pair's file; the defaults are the product's, but for quicker checks. */
export interface PairOptions {
  readonly transport?: 'udp' | 'multicast'
  /** Milliseconds, default 100. */
  readonly advertisementInterval?: number
  readonly preempt?: 'when_synced' | 'always' | 'never'
  readonly scheduler?: string
  readonly onDown?: 'quiesce' | 'remove'
  /** Milliseconds between checks, and the limit of each; default 500. */
  readonly checkInterval?: number
  /** `[[virtual_router]]` tables in place of the one that holds the virtual address; no services then. */
  readonly routers?: string
  /** More lines of the virtual router's table. */
  readonly front?: string
  /** `[[virtual_service]]` tables in place of the lab's three. */
  readonly services?: string
  readonly rise?: number
  readonly fall?: number
}

export const defaultPriority = { lb1: 150, lb2: 100 } as const

/** The pair's file for the lab's network: web (TCP and HTTP checks), echo sessions, UDP echo. */
export function pairConfig(forwarding: ForwardingMethod, keyFile: string, options: PairOptions = {}): string {
  const {
    transport = 'udp',
    advertisementInterval = 100,
    preempt = 'when_synced',
    scheduler = 'rr',
  } = options
  const { onDown = 'quiesce', checkInterval = 500, rise = 2, fall = 3 } = options
  const check =
    `{ type = "http", path = "/healthz", port = ${ports.http}, interval = "${checkInterval}ms", ` +
    `timeout = "${checkInterval}ms", rise = ${rise}, fall = ${fall} }`
  const addresses = forwarding === 'nat' ? [virtualAddress, natGateway] : [virtualAddress]
  const service = (name: string, protocol: string, port: number): string => `
[[virtual_service]]
name = "${name}"
address = "${virtualAddress}:${port}"
protocol = "${protocol}"
scheduler = "${scheduler}"
forwarding = "${forwarding}"
on_down = "${onDown}"
check = ${check}
real_servers = [
${serverNames.map((name) => `  { name = "${name}", address = "${serverAddress(name, forwarding)}:${port}" },`).join('\n')}
]
`
  const labServices = [
    service('web', 'tcp', ports.http),
    service('echo', 'tcp', ports.echo),
    service('echo-udp', 'udp', ports.echo),
  ].join('')
  const directors = directorNames.map(
    (name) => `
[[director]]
name = "${name}"
address = "${frontAddress(name)}"
priority = ${defaultPriority[name]}
`,
  )
  const head = `${directors.join('')}
[pair]
key_file = "${keyFile}"
`
  if (options.routers !== undefined) return `${head}\n[sync]\ntransport = "off"\n${options.routers}`
  return `${head}
[[virtual_router]]
name = "front"
vrid = 51
addresses = [${addresses.map((address) => `"${address}/24"`).join(', ')}]
transport = "${transport}"
advertisement_interval = "${advertisementInterval}ms"
preempt = "${preempt}"
${options.front ?? ''}
${options.services ?? labServices}`
}

/**
 * The longest silence, in ms, after the Active dies (RFC 9568 section 6.1: three intervals and the Backup's
 * skew time) with 100 ms for taking over.
 */
export function failoverBar(backupPriority: number, interval = 100): number {
  return 3 * interval + ((256 - backupPriority) / 256) * interval + 100
}
