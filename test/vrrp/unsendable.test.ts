import assert from 'node:assert/strict'
import { startVrrp } from '../../src/vrrp/runtime.js'
import { FakeNetwork } from './fake-network.js'
import { front, settingOf } from './pair.js'
import { known } from './support.js'

describe('vrrp/outputs', () => {
  it('a link that refuses an advertisement is a warning, and not the end of the process', async () => {
    const network = new FakeNetwork()
    const ports = known(network.hosts[0]).ports()
    const refuse = (): boolean => {
      throw new RangeError('a pair message has 1 to 1400 bytes, not 4089')
    }
    const openPairLink: typeof ports.openPairLink = (onMessage) => ({
      ...known(ports.openPairLink)(onMessage),
      status: () => ({ reachable: false, lastSeenSeconds: undefined, keyMatches: undefined, discarded: {} }),
      send: refuse,
    })
    const runtime = startVrrp({ ...ports, openPairLink }, settingOf(0, [front]), () => {})
    await network.run(3_000)
    const { routers, warnings } = runtime.status()
    assert.equal(routers[0]?.state, 'active')
    assert.equal(routers[0]?.advertisements.sent, 0)
    assert.ok((routers[0]?.advertisements.unsent ?? 0) > 0)
    assert.match(warnings?.join() ?? '', /a pair message has 1 to 1400 bytes, not 4089/)
  })
})
