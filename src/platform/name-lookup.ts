/** Names to addresses by DNS alone: no thread waits, and the time to live is known. */
import { Resolver } from 'node:dns/promises'
import { type IpAddress, parseIp } from '../base/ip.js'
import type { NameAnswer, NameLookup } from '../base/ports.js'

/** Per server and try. */
const timeout = 2_000
const tries = 2
/** `/etc/resolv.conf` is read again for questions that are further apart, in milliseconds. */
const rereadAfter = 10_000

type Records = readonly { readonly address: string; readonly ttl: number }[]

export class DnsLookup implements NameLookup {
  private resolver: Resolver | undefined
  private readAt = 0

  /** `servers`: in place of those of `/etc/resolv.conf`. */
  constructor(private readonly servers?: readonly string[]) {}

  async lookUp(name: string): Promise<NameAnswer> {
    const resolver = this.current()
    const [v4, v6] = await Promise.allSettled([
      resolver.resolve4(name, { ttl: true }),
      resolver.resolve6(name, { ttl: true }),
    ])
    const records = [v4, v6].flatMap((one): Records => (one.status === 'fulfilled' ? one.value : []))
    const addresses = records.flatMap(({ address }): IpAddress | [] => parseIp(address) ?? [])
    if (addresses.length > 0)
      return { type: 'addresses', addresses, ttl: Math.min(...records.map(({ ttl }) => ttl)) }
    const codes = [v4, v6].flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []))
    const failure = codes.find((code) => !absent.has(code))
    if (failure !== undefined) return { type: 'unanswered', reason: `no answer from DNS (${failure})` }
    return { type: 'none', reason: codes.includes('ENOTFOUND') ? 'no such name in DNS' : 'no address in DNS' }
  }

  private current(): Resolver {
    const now = performance.now()
    if (!this.resolver || now - this.readAt > rereadAfter) {
      this.resolver = new Resolver({ timeout, tries })
      if (this.servers) this.resolver.setServers(this.servers)
      this.readAt = now
    }
    return this.resolver
  }
}

const absent: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
