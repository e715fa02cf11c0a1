import assert from 'node:assert/strict'
import type { OpError } from '../../src/base/result.js'
import { replaceTable } from '../../src/ipvs/full-nat/ruleset.js'
import { NftProgram } from '../../src/platform/nft.js'
import { examples } from '../ipvs/rulesets.js'
import { createNamespace, type Namespace } from './namespace.js'

describe('nft', () => {
  let here: Namespace
  before(() => {
    here = createNamespace()
  })
  after(() => here.close())

  it('makes, replaces and removes a table whole, and prints it word for word as it was made', async () => {
    const nft = new NftProgram()
    for (const { family, table } of examples) {
      await here.enter(() => nft.apply(replaceTable(family, table)))
      assert.equal(await here.enter(() => nft.list(family, 'vipair')), table)
    }
    await here.enter(() => nft.apply(replaceTable('ip', undefined)))
    assert.equal(await here.enter(() => nft.list('ip', 'vipair')), undefined)
    assert.equal(await here.enter(() => nft.list('ip6', 'vipair')), examples[1]?.table)
  })

  it('changes nothing where one line is wrong, and says what nft said', async () => {
    const nft = new NftProgram()
    const script = `${replaceTable('ip', examples[0]?.table)}table ip vipair {\n\tchain x { bogus; }\n}\n`
    await assert.rejects(
      here.enter(() => nft.apply(script)),
      (error: OpError) => error.code === 'failed' && /bogus|syntax/.test(String(error.cause)),
    )
    assert.equal(await here.enter(() => nft.list('ip', 'vipair')), undefined)
  })

  it('names the package where the program is missing', async () => {
    await assert.rejects(new NftProgram('/nonexistent/nft').apply(''), (error: OpError) => {
      assert.equal(error.message, 'nft apply: missing')
      return /install nftables/.test(String(error.cause))
    })
  })
})
