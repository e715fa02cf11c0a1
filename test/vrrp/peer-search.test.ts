import assert from 'node:assert/strict'
import type { DirectorConfig } from '../../src/config/model.js'
import { FakeNetwork } from './fake-network.js'
import { front, lb2, pairOf, start } from './pair.js'
import { ip, known, ms } from './support.js'

/** What lb1 asks while it is Active for half a second, alone but for what its link says of the peer. */
async function asked(more: {
  readonly transport?: 'udp' | 'multicast'
  readonly interval?: number
  readonly silent?: number | undefined
  readonly peer?: DirectorConfig
}): Promise<readonly string[]> {
  const { transport = 'udp', interval = 100, peer = lb2 } = more
  const network = new FakeNetwork()
  const router = { ...front, transport, advertisementInterval: ms(interval) }
  start(network, 0, [router], { peer })
  known(network.hosts[0]).peerSilentSeconds = 'silent' in more ? more.silent : 3
  await network.run(2_000 + 4 * interval)
  network.asked.length = 0
  await network.run(500)
  return network.asked
}

describe('vrrp/peer-search', () => {
  it('an Active asks for the hardware address of a silent peer at each advertisement', async () => {
    assert.deepEqual(await asked({}), new Array(5).fill('lb1 asks for 10.0.0.12'))
  })
  it('asks for one that it has never heard, too', async () => {
    assert.equal((await asked({ silent: undefined })).length, 5)
  })
  it('leaves it to the kernel while the peer says something each second', async () => {
    assert.deepEqual(await asked({ silent: 1.1 }), [])
  })
  it('asks twenty times a second at most', async () => {
    const { length } = await asked({ interval: 10 })
    assert.ok(length >= 9 && length <= 10, `${length} questions in half a second`)
  })
  it('asks for every address of the peer that is on a network of its own', async () => {
    const peer = { ...lb2, address: ip('192.0.2.12'), addresses: [ip('10.0.0.13'), ip('2001:db8::12')] }
    assert.deepEqual(new Set(await asked({ peer })), new Set(['lb1 asks for 10.0.0.13']))
  })
  it('does not ask where advertisements go to a multicast group', async () => {
    assert.deepEqual(await asked({ transport: 'multicast' }), [])
  })
  it('a Backup does not ask', async () => {
    const { network, second } = await pairOf(front)
    second.host.peerSilentSeconds = 3
    await network.run(500)
    assert.deepEqual(network.asked, [])
  })
})
