import assert from 'node:assert/strict'
import type { Netlink, NetlinkRequest } from '../../src/base/ports.js'
import { millis } from '../../src/base/units.js'
import {
  CT_DELETE,
  CT_GET,
  CT_NEW,
  decodeTracked,
  encodeDump,
  encodeOriginal,
  encodeRenewal,
  encodeTranslation,
} from '../../src/ipvs/full-nat/tracking-codec.js'
import { SystemClock } from '../../src/platform/clock.js'
import { NetlinkExchange } from '../../src/platform/netlink-exchange.js'
import { NftProgram } from '../../src/platform/nft.js'
import { Reactor } from '../../src/platform/reactor.js'
import { end, tracked, translation } from '../ipvs/tracking-samples.js'
import { createNamespace, type Namespace } from './namespace.js'

const NETLINK_NETFILTER = 12
const flags = { acknowledged: 0x4, made: 0x604, dump: 0x300 }

/** The kernel's own connection tracking, in a namespace where something makes use of it. */
describe('conntrack', () => {
  let here: Namespace
  let reactor: Reactor
  let netlink: Netlink

  before(async () => {
    here = createNamespace()
    reactor = Reactor.open()
    netlink = here.enter(() => new NetlinkExchange(reactor, new SystemClock(reactor), NETLINK_NETFILTER))
    const rules = 'table inet t { chain c { type nat hook postrouting priority 100; }; }\n'
    await here.enter(() => new NftProgram().apply(rules))
  })
  after(() => {
    netlink.close()
    reactor.close()
    here.close()
  })

  const ask = async (request: NetlinkRequest) => {
    const [reply] = await netlink.exchange([request], millis(2000))
    assert.ok(reply)
    return reply
  }
  const change = async (type: number, payload: Uint8Array, how = flags.acknowledged) =>
    (await ask({ type, flags: how, payload })).code
  const dump = async (family: 4 | 6) => {
    const { messages } = await ask({ type: CT_GET, flags: flags.dump, payload: encodeDump(family) })
    return messages.map(({ payload }) => decodeTracked(payload)).flatMap((one) => (one.ok ? [one.value] : []))
  }

  const v6 = { virtual: end('[fd00::100]:80') }
  for (const one of [
    translation('10.0.0.9:5000', '10.0.0.21:8080', 5000),
    translation('10.0.0.10:5000', '10.0.0.21:8080', 61_234),
    translation('10.0.0.9:5000', '10.0.0.21:8080', 5000, { protocol: 17 }),
    translation('[fd00::9]:5000', '[fd00::21]:8080', 61_234, v6),
  ]) {
    it(`takes a translation of protocol ${one.protocol} over IPv${one.client.address.family} to port ${one.sourcePort}`, async () => {
      const { family } = one.client.address
      assert.equal(await change(CT_NEW, encodeTranslation(one, 77, 3), flags.made), 'OK')
      assert.equal(await change(CT_NEW, encodeTranslation(one, 77, 3), flags.made), 'EEXIST')
      const [found] = await dump(family)
      assert.ok(found && found.timeout > 70 && found.timeout <= 77)
      assert.deepEqual({ ...found, timeout: 900 }, tracked(one))
      assert.equal(await change(CT_NEW, encodeRenewal(one, 500, 3)), 'OK')
      assert.ok(((await dump(family))[0]?.timeout ?? 0) > 490)
      assert.equal(await change(CT_DELETE, encodeOriginal(one)), 'OK')
      assert.deepEqual(await dump(family), [])
      assert.equal(await change(CT_DELETE, encodeOriginal(one)), 'ENOENT')
    })
  }

  it('refuses a second connection with the source of another', async () => {
    const one = translation('10.0.0.9:5000', '10.0.0.21:8080', 5000)
    const other = translation('10.0.0.10:5000', '10.0.0.21:8080', 5000)
    assert.equal(await change(CT_NEW, encodeTranslation(one, 77, 3), flags.made), 'OK')
    assert.equal(await change(CT_NEW, encodeTranslation(other, 77, 3), flags.made), 'EEXIST')
    assert.equal(await change(CT_DELETE, encodeOriginal(one)), 'OK')
  })
})
