/** What operators ask of real servers at run time: remembered before it is done. */
import type { AdminAction, ServerOverride } from '../base/facts.js'
import type { Log } from '../base/ports.js'
import { OpError } from '../base/result.js'
import type { Millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import type { OverrideFile } from './override-file.js'
import { Refusal } from './refusal.js'

export interface ServerOrder {
  readonly service: string
  readonly server: string
  readonly action: AdminAction | 'enable'
  /** With `weight`. */
  readonly weight: number | undefined
  readonly reason: string | undefined
}

export class ServerOverrides {
  private known: ReadonlyMap<string, ServerOverride>

  constructor(
    private readonly file: OverrideFile,
    private readonly log: Log,
  ) {
    this.known = mapOf(file.read())
  }

  get all(): readonly ServerOverride[] {
    return [...this.known.values()]
  }

  of(service: string, server: string): ServerOverride | undefined {
    return this.known.get(nameOf(service, server))
  }

  /** Throws `Refusal`: for a name that the file does not have, and when it cannot be remembered. */
  order(order: ServerOrder, services: readonly VirtualServiceConfig[], now: Millis): void {
    const { service, server, action, weight, reason } = order
    requireServer(services, service, server)
    const next = new Map(this.known)
    if (action === 'enable') next.delete(nameOf(service, server))
    else next.set(nameOf(service, server), { service, server, action, weight, reason, since: now })
    try {
      this.file.write([...next.values()])
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      throw new Refusal(409, `${error.message}: it would not outlive a restart; nothing was changed`)
    }
    this.known = next
    const what = action === 'weight' ? `weight ${weight}` : action
    this.log.info(
      `${service}: ${server}: ${what} by the operator${reason === undefined ? '' : `: ${reason}`}`,
    )
  }

  /** Forgets servers that the file has no more: who comes back later is enabled. */
  keepOnly(services: readonly VirtualServiceConfig[]): void {
    if (this.known.size === 0) return
    const there = new Set(
      services.flatMap(({ name, realServers }) => realServers.map((server) => nameOf(name, server.name))),
    )
    const next = new Map([...this.known].filter(([name]) => there.has(name)))
    if (next.size === this.known.size) return
    for (const [name, { service, server, action }] of this.known)
      if (!next.has(name)) this.log.info(`${service}: ${server} is not in the file: ${action} is forgotten`)
    this.known = next
    try {
      this.file.write([...next.values()])
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      this.log.warn(error.message)
    }
  }
}

const nameOf = (service: string, server: string): string => `${service}\0${server}`

const mapOf = (all: readonly ServerOverride[]): ReadonlyMap<string, ServerOverride> =>
  new Map(all.map((one) => [nameOf(one.service, one.server), one]))

/** Names shown in a refusal. */
const mostNames = 10

function requireServer(services: readonly VirtualServiceConfig[], service: string, server: string): void {
  const found = services.find(({ name }) => name === service)
  if (!found)
    throw new Refusal(404, `no virtual service ${service}: there ${list(services.map(({ name }) => name))}`)
  if (!found.realServers.some(({ name }) => name === server))
    throw new Refusal(
      404,
      `${service} has no server ${server}: there ${list(found.realServers.map(({ name }) => name))}`,
    )
}

function list(names: readonly string[]): string {
  if (names.length === 0) return 'is none'
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : ''
  return `${names.length === 1 ? 'is' : 'are'} ${names.slice(0, mostNames).join(', ')}${more}`
}
