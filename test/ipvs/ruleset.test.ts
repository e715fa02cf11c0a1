import assert from 'node:assert/strict'
import { replaceTable, wantedTable } from '../../src/ipvs/full-nat/ruleset.js'
import { fullNatTargets } from '../../src/ipvs/full-nat/targets.js'
import { server, service } from './configs.js'
import { examples, ports } from './rulesets.js'

describe('full NAT ruleset', () => {
  for (const { family, targets, table } of examples) {
    it(`is made for ${targets.length} targets of ${family}`, () => {
      assert.equal(wantedTable(family, targets), table)
    })
  }

  it('has no table of a family that no service needs', () => {
    assert.equal(wantedTable('ip6', examples[0]?.targets ?? []), undefined)
    assert.equal(replaceTable('ip6', undefined), 'table ip6 vipair\ndelete table ip6 vipair\n')
  })

  it('takes the services apart from those of other methods', () => {
    const full = { forwarding: 'full_nat' } as const
    const web = service('web', '10.0.0.100:80', [
      server('10.0.0.21:8080', full),
      server('10.0.0.22:80', full),
    ])
    const other = service('other', '10.0.0.100:81', [server('10.0.0.21:81', { forwarding: 'nat' })])
    assert.deepEqual(fullNatTargets([web, other]), [ports('tcp', '10.0.0.100', 80, 80, 80, 8080)])
  })

  it('takes ranges, all ports and marks, with the sorry server', () => {
    const full = { forwarding: 'full_nat' } as const
    const { endpoint, forwarding, tunnel } = server('10.0.0.30:81', full)
    const range = service('range', '10.0.0.100:8000-8010', [server('10.0.0.21', full)], {
      sorryServer: { endpoint, forwarding, tunnel },
    })
    const all = service('all', '10.0.0.101:0', [server('10.0.0.21', full)], { protocol: 'sctp' })
    const marked = service('marked', '10.0.0.102:80', [server('10.0.0.21', full), server('10.0.0.22')], {
      address: { kind: 'fwmark', family: 4, mark: 7 },
      protocol: undefined,
    })
    const { address } = server('10.0.0.21').endpoint
    assert.deepEqual(fullNatTargets([range, all, marked]), [
      ports('tcp', '10.0.0.100', 8000, 8010, 0, 81),
      ports('sctp', '10.0.0.101', 0, 0, 0),
      { kind: 'fwmark', family: 4, mark: 7, servers: [address] },
    ])
  })
})
