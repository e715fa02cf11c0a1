/**
 * `accept = false` (Accept_Mode, RFC 9568 sections 6.1 and 6.4.3): nothing is accepted on the addresses but
 * neighbour discovery; ARP is below the filter. The rules stand whatever the role is, for a Backup must not
 * accept anything either, and so no failover waits for them.
 */
import { formatIp, type IpAddress } from '../base/ip.js'
import type { Nft } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { ownerPriority } from '../base/units.js'
import type { DirectorConfig, VirtualRouterConfig } from '../config/model.js'

const family = 'inet'
const tableName = 'vipair_accept'
const table = `${family} ${tableName}`
/** IPVS takes what is for its services at 98 and 99 (NF_IP_PRI_NAT_SRC - 2 and - 1): the rest comes here. */
const afterIpvs = 110

/** The addresses on which this director accepts nothing; the address owner accepts everything. */
export function refusing(
  routers: readonly VirtualRouterConfig[],
  director: DirectorConfig,
): readonly IpAddress[] {
  return routers
    .filter(({ accept }) => !accept)
    .filter(({ priority }) => (priority[director.name] ?? director.priority) !== ownerPriority)
    .flatMap(({ addresses }) => addresses.map(({ address }) => address))
}

/** For nft(8), as one transaction: the rules in place of those that stand, or none. */
export function acceptRules(addresses: readonly IpAddress[]): string {
  // To add the table first makes its removal good where there is none.
  const empty = `table ${table} {}\ndelete table ${table}\n`
  if (addresses.length === 0) return empty
  return `${empty}table ${table} {
  chain input {
    type filter hook input priority ${afterIpvs}; policy accept;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
${addresses.map((address) => `    ${address.family === 4 ? 'ip' : 'ip6'} daddr ${formatIp(address)} counter drop\n`).join('')}  }
}
`
}

/** What stands in the kernel of it: also what a predecessor left, or what somebody has removed. */
export class AcceptFilter {
  private standing: string | undefined
  /** What a predecessor left is looked for once. */
  private looked = false
  /** One change after the other. */
  private turn: Promise<void> = Promise.resolve()

  constructor(private readonly nft: Pick<Nft, 'apply' | 'list'>) {}

  /** Nothing is changed where it is so already. Rejects with `OpError`; what stood before stands then. */
  apply(routers: readonly VirtualRouterConfig[], director: DirectorConfig): Promise<void> {
    const addresses = refusing(routers, director)
    return this.inTurn(() => (addresses.length === 0 ? this.none() : this.make(acceptRules(addresses))))
  }

  /** Rejects with `OpError`. */
  remove(): Promise<void> {
    return this.inTurn(() => this.none())
  }

  private inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.turn.then(change)
    this.turn = done.catch(() => {})
    return done
  }

  private async make(rules: string): Promise<void> {
    if (rules === this.standing && (await isThere(this.nft))) return
    await applyRules(this.nft, rules)
    this.standing = rules
  }

  private async none(): Promise<void> {
    const left = this.standing !== undefined || (!this.looked && (await isThere(this.nft)))
    if (left) await applyRules(this.nft, acceptRules([]))
    this.looked = true
    this.standing = undefined
  }
}

/** Also what another process put there. Where nft cannot say, nothing is taken to be there. */
export async function isThere(nft: Pick<Nft, 'list'>): Promise<boolean> {
  try {
    return (await nft.list(family, tableName)) !== undefined
  } catch (error) {
    if (error instanceof OpError) return false
    throw error
  }
}

/** Rejects with `OpError`, whose message has the cure as well. */
export async function applyRules(nft: Pick<Nft, 'apply'>, rules: string): Promise<void> {
  try {
    await nft.apply(rules)
  } catch (error) {
    if (!(error instanceof OpError)) throw error
    const why = error.cause instanceof Error ? error.cause.message : error.code
    throw new OpError('accept = false:', 'nft', why, { cause: error })
  }
}
