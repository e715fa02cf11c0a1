import assert from 'node:assert/strict'
import { OpError } from '../../src/base/result.js'
import { AcceptFilter, acceptRules } from '../../src/daemon/accept-filter.js'
import { front, lb1, lb2 } from '../vrrp/pair.js'
import { known, prefix, prio } from '../vrrp/support.js'

const closed = { ...front, accept: false }

/** The rules that stand: with `ran` what came about. */
function kernel(there = false) {
  const nft = {
    there,
    ran: [] as string[],
    apply: async (rules: string) => {
      nft.ran.push(rules)
      nft.there = rules !== acceptRules([])
    },
    list: async () => (nft.there ? 'table' : undefined),
  }
  return nft
}

describe('daemon/accept filter', () => {
  it('changes nothing where nothing is asked for, also where nft does not work', async () => {
    const apply = () => assert.fail('ran')
    for (const list of [
      async () => undefined,
      async () => assert.fail(new OpError('nft', 'list', 'missing')),
    ]) {
      const filter = new AcceptFilter({ apply, list })
      await filter.apply([front], lb1)
      await filter.apply([{ ...closed, priority: { lb1: prio(255) } }], lb1)
      await filter.remove()
    }
  })

  it('removes what another process left where nothing is asked for', async () => {
    const nft = kernel(true)
    await new AcceptFilter(nft).apply([front], lb1)
    assert.deepEqual(nft.ran, [acceptRules([])])
  })

  it('looks once for what another process left, and does one thing after the other', async () => {
    const seen: string[] = []
    const filter = new AcceptFilter({
      list: async () => {
        seen.push('list')
        await Promise.resolve()
        return 'table'
      },
      apply: async (rules) => void seen.push(rules === acceptRules([]) ? 'remove' : 'make'),
    })
    await Promise.all([filter.remove(), filter.apply([closed], lb1), filter.remove(), filter.remove()])
    assert.deepEqual(seen, ['list', 'remove', 'make', 'remove'])
  })

  it('puts back what somebody removed', async () => {
    const nft = kernel()
    const filter = new AcceptFilter(nft)
    await filter.apply([closed], lb1)
    nft.there = false
    await filter.apply([closed], lb1)
    assert.equal(nft.ran.length, 2)
    assert.ok(nft.there)
  })

  it('replaces what stands in one transaction, and only when it differs', async () => {
    const nft = kernel()
    const { ran } = nft
    const filter = new AcceptFilter(nft)
    const six = { ...closed, name: 'six', addresses: [prefix('fe80::100/64')] }
    await filter.apply([front, closed], lb2)
    await filter.apply([closed], lb2)
    await filter.apply([closed, six], lb2)
    await filter.remove()
    await filter.remove()
    assert.equal(ran.length, 3)
    assert.equal(
      known(ran[1]),
      `table inet vipair_accept {}
delete table inet vipair_accept
table inet vipair_accept {
  chain input {
    type filter hook input priority 110; policy accept;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    ip daddr 10.0.0.100 counter drop
    ip6 daddr fe80::100 counter drop
  }
}
`,
    )
    assert.equal(ran[2], acceptRules([]))
  })

  it('what could not be put in force does not stand', async () => {
    let works = false
    const ran: string[] = []
    const filter = new AcceptFilter({
      apply: async (commands) => {
        if (!works) throw new OpError('nft', 'apply', 'missing', { cause: new Error('install nftables') })
        ran.push(commands)
      },
      list: async () => undefined,
    })
    await assert.rejects(filter.apply([closed], lb1), { message: 'accept = false: nft: install nftables' })
    works = true
    await filter.apply([closed], lb1)
    assert.equal(ran.length, 1)
  })
})
