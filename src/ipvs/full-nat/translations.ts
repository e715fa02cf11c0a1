/** Which tracked connections there must be, and what differs from those that there are. Pure. */
import type { ConnectionRow } from '../../base/connection-row.js'
import type { Translation } from '../../base/facts.js'
import { type Endpoint, formatEndpoint, formatIp } from '../../base/ip.js'
import { port as toPort } from '../../base/units.js'
import { belongsTo, type FullNatTarget } from './targets.js'
import { type Original, type Tracked, tcpStates } from './tracking-codec.js'

/** Of one client port to one virtual port there is one connection. */
export const originalKey = ({ protocol, client, virtual }: Original): string =>
  `${protocol} ${formatEndpoint(client)} ${formatEndpoint(virtual)}`

/** As its server knows it. */
const replyKey = (protocol: number, server: Endpoint, source: Endpoint): string =>
  `${protocol} ${formatEndpoint(server)} ${formatEndpoint(source)}`

export interface WantedTranslation extends Translation {
  /** Seconds it must last without a packet. */
  readonly timeout: number
  readonly tcpState: number
}

export interface TranslationPlan {
  /** Before anything is created: they hold a place that is another's. */
  readonly remove: readonly Tracked[]
  readonly create: readonly WantedTranslation[]
  /** Would end too early, or may know windows of long ago: what passed elsewhere meanwhile would not fit them. */
  readonly renew: readonly WantedTranslation[]
}

/** Between two looks at a connection its time goes down by itself. */
const slackSeconds = 30

const protocolName = (protocol: number): 'tcp' | 'udp' | undefined =>
  protocol === 6 ? 'tcp' : protocol === 17 ? 'udp' : undefined

/** Whether full NAT translates it. */
export function isTranslated(
  targets: readonly FullNatTarget[],
  { protocol, virtual, server }: Pick<Translation, 'protocol' | 'virtual' | 'server'>,
): boolean {
  const name = protocolName(protocol)
  return (
    name !== undefined &&
    targets.some((target) => belongsTo(target, name, virtual.address, virtual.port, server.address))
  )
}

/** Those whose source port is not the client's own: the others anybody can tell from the table. */
export function displaced(all: readonly Tracked[]): readonly Translation[] {
  return all
    .filter(({ client, virtual, source }) => sameIp(source, virtual) && source.port !== client.port)
    .map(({ protocol, client, virtual, server, source }) => {
      return { protocol, client, virtual, server, sourcePort: source.port }
    })
}

/** A connection of the table as it must be tracked; undefined for what is not worth it: templates, those that end. */
export function translationOf(row: ConnectionRow): WantedTranslation | undefined {
  const states: Readonly<Record<string, number>> = tcpStates
  const tcpState = row.protocol === 6 ? states[row.state] : 0
  if (protocolName(row.protocol) === undefined || tcpState === undefined || row.clientPort === 0)
    return undefined
  const client = endpoint(row.client, row.clientPort)
  const virtual = endpoint(row.virtual, row.virtualPort)
  const server = endpoint(row.destination, row.destinationPort)
  if (!client || !virtual || !server) return undefined
  const { protocol, expires, clientPort: sourcePort } = row
  return { protocol, client, virtual, server, sourcePort, timeout: Math.max(expires, 1), tcpState }
}

/**
 * `knows`: the tracked connections are of the traffic that passes here now; a source port of theirs is then as
 * good as one that is only derived.
 */
export function planTranslations(
  wanted: readonly WantedTranslation[],
  actual: readonly Tracked[],
  knows: (one: WantedTranslation) => boolean,
): TranslationPlan {
  const byOriginal = new Map(actual.map((one) => [originalKey(one), one]))
  const byReply = new Map(actual.map((one) => [replyKey(one.protocol, one.server, one.source), one]))
  const remove = new Set<Tracked>()
  const create: WantedTranslation[] = []
  const renew: WantedTranslation[] = []
  for (const one of wanted) {
    const found = byOriginal.get(originalKey(one))
    if (found && fits(found, one, knows(one))) {
      if (!knows(one) || found.timeout + slackSeconds < one.timeout) renew.push(one)
      continue
    }
    if (found) remove.add(found)
    const source = { ...one.virtual, port: toPort(one.sourcePort) ?? one.client.port }
    const inTheWay = byReply.get(replyKey(one.protocol, one.server, source))
    if (inTheWay) remove.add(inTheWay)
    create.push(one)
  }
  return { remove: [...remove], create, renew }
}

const fits = (found: Tracked, one: WantedTranslation, known: boolean): boolean =>
  formatEndpoint(found.server) === formatEndpoint(one.server) &&
  sameIp(found.source, one.virtual) &&
  (known || found.source.port === one.sourcePort)

const sameIp = (a: Endpoint, b: Endpoint): boolean => formatIp(a.address) === formatIp(b.address)

function endpoint(address: Endpoint['address'], port: number): Endpoint | undefined {
  const branded = toPort(port)
  return branded === undefined ? undefined : { address, port: branded }
}
