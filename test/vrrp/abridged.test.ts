import assert from 'node:assert/strict'
import type { IpAddress } from '../../src/base/ip.js'
import { millis, priority, vrid } from '../../src/base/units.js'
import { maxMessageLength } from '../../src/pair/frame.js'
import { disagreementsWith } from '../../src/vrrp/disagreement.js'
import type { Advertisement } from '../../src/vrrp/packet.js'
import { claimedVrid, familyOfMessage, messageFor, notesOn, receiveFromPeer } from '../../src/vrrp/receive.js'
import { ip, known } from './support.js'

const list = (length: number, family: 4 | 6): readonly IpAddress[] =>
  Array.from({ length }, (_, i) => ip(family === 4 ? `10.8.1.${i}` : `fd00:9::${(i + 1).toString(16)}`))

const advertisement = (addresses: readonly IpAddress[]): Advertisement => ({
  vrid: known(vrid(51)),
  priority: known(priority(150)),
  interval: millis(100),
  addresses,
})
const peer = ip('10.0.0.12')
const received = (message: Uint8Array, own: readonly IpAddress[]): Advertisement => {
  const result = receiveFromPeer(message, peer, own)
  assert.ok(result.ok)
  return result.value.advertisement
}
const router = (advertised: readonly IpAddress[]) => ({
  vrid: known(vrid(51)),
  version: 3 as const,
  transport: 'udp' as const,
  password: undefined,
  advertisementInterval: millis(100),
  advertised,
})

describe('vrrp/abridged', () => {
  for (const family of [4, 6] as const)
    it(`every number of IPv${family} addresses fits one message and arrives as it was`, () => {
      for (let n = 1; n <= 255; n++) {
        const sent = advertisement(list(n, family))
        const message = messageFor(sent, family)
        assert.ok(message.length <= maxMessageLength, `${n} addresses: ${message.length} bytes`)
        assert.equal(familyOfMessage(message), family)
        assert.equal(claimedVrid(message.subarray(1)), 51)
        assert.deepEqual(received(message, list(n, family)), sent)
      }
    })

  it('the same addresses in another order are the same', () => {
    const message = messageFor(advertisement(list(255, 6)), 6)
    const own = [...list(255, 6)].reverse()
    assert.deepEqual(notesOn(received(message, own), { interval: millis(100), addresses: own }), [])
  })

  it('another list is told as such, wherever it differs', () => {
    const message = messageFor(advertisement(list(255, 6)), 6)
    const last = list(255, 6).with(254, ip('fd00:9::ffff'))
    for (const own of [list(254, 6), list(80, 6), last]) {
      const advert = received(message, own)
      assert.equal(advert.unlisted, 175)
      assert.deepEqual(notesOn(advert, { interval: millis(100), addresses: own }), ['address_list_mismatch'])
      const [found] = disagreementsWith(advert, { name: 'lb2', who: 'peer' }, router(own))
      assert.match(found?.text() ?? '', /^lb2 advertises other addresses \(fd00:9::1, .* and 252 more\) than/)
    }
  })

  it('a message cut short is no advertisement', () => {
    const message = messageFor(advertisement(list(255, 6)), 6)
    for (let length = 2; length < message.length; length++)
      assert.deepEqual(receiveFromPeer(message.subarray(0, length), peer, list(255, 6)), {
        ok: false,
        error: 'truncated',
      })
  })
})
