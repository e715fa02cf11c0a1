import { strict as assert } from 'node:assert'
import { createHmac, createSecretKey } from 'node:crypto'
import { toHex } from '../../src/base/bytes.js'
import { deriveSessionKeys, deriveStaticKeys, type PairIdentity } from '../../src/pair/derive.js'

const secret = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const lb1: PairIdentity = {
  key: createSecretKey(secret),
  pairName: 'edge',
  channel: 'vrrp',
  localName: 'lb1',
  peerName: 'lb2',
}
const lb2: PairIdentity = { ...lb1, localName: 'lb2', peerName: 'lb1' }
const a = new Uint8Array(16).fill(1)
const b = new Uint8Array(16).fill(2)

describe('pair key derivation', () => {
  it('is HKDF-SHA256 of RFC 5869, written out by hand', () => {
    const field = (text: string) =>
      Buffer.concat([Buffer.from([0, Buffer.byteLength(text)]), Buffer.from(text)])
    const info = Buffer.concat(['vipair pair 1', 'hello', 'vrrp', 'lb1', 'lb2'].map(field))
    const extracted = createHmac('sha256', 'edge').update(secret).digest()
    const expanded = createHmac('sha256', extracted)
      .update(Buffer.concat([info, Buffer.from([1])]))
      .digest()
    assert.equal(toHex(deriveStaticKeys(lb1).helloSend), toHex(expanded))
  })

  it('gives both directors the same keys, crosswise', () => {
    const [one, two] = [deriveStaticKeys(lb1), deriveStaticKeys(lb2)]
    assert.deepEqual(
      [one.keyId, one.helloSend, one.helloReceive],
      [two.keyId, two.helloReceive, two.helloSend],
    )
    const [mine, theirs] = [deriveSessionKeys(lb1, a, b), deriveSessionKeys(lb2, b, a)]
    assert.deepEqual([mine.send, mine.receive], [theirs.receive, theirs.send])
  })

  it('changes every key with every part of the identity', () => {
    const identities: readonly PairIdentity[] = [
      lb1,
      lb2,
      { ...lb1, channel: 'sync' },
      { ...lb1, pairName: 'edg' },
      { ...lb1, localName: 'lb', peerName: '1lb2' },
      { ...lb1, key: createSecretKey(Buffer.alloc(32, 9)) },
    ]
    const send = identities.flatMap((identity) => [
      toHex(deriveStaticKeys(identity).helloSend),
      toHex(deriveSessionKeys(identity, a, b).send.key),
      toHex(deriveSessionKeys(identity, b, a).send.key),
      toHex(deriveSessionKeys(identity, a, b).send.tag),
    ])
    assert.equal(new Set(send).size, send.length)
    assert.notDeepEqual(deriveStaticKeys(lb1).helloSend, deriveStaticKeys(lb1).helloReceive)
  })
})
