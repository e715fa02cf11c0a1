import assert from 'node:assert/strict'
import type { Translation } from '../../src/base/facts.js'
import { decodeRelayMessage, encodeRelayMessage, type SourcePorts } from '../../src/sync/relay-message.js'
import { type Gathering, gather, mostParts, partsOf } from '../../src/sync/source-ports.js'
import { end } from '../ipvs/tracking-samples.js'

const many = (count: number): readonly Translation[] =>
  Array.from({ length: count }, (_, i) => ({
    protocol: 17,
    client: end(`[fd00::9]:${1000 + i}`),
    virtual: end('[fd00::100]:53'),
    server: end('[fd00::21]:53'),
    sourcePort: i,
  }))

/** The lists that come of these messages. */
function received(messages: readonly SourcePorts[]): readonly (readonly Translation[])[] {
  let gathering: Gathering | undefined
  return messages.flatMap((message) => {
    const [next, list] = gather(gathering, message)
    gathering = next
    return list ? [list] : []
  })
}

describe('source ports for the peer', () => {
  for (const count of [0, 1, 22, 23, 500]) {
    it(`arrive whole in whatever order: ${count} of them`, () => {
      const parts = partsOf(1, 7, many(count))
      for (const part of parts) {
        const bytes = encodeRelayMessage(part)
        assert.ok(bytes.length <= 1300)
        assert.deepEqual(decodeRelayMessage(bytes), { ok: true, value: part })
      }
      assert.deepEqual(received([...parts].reverse()), [many(count)])
    })
  }

  it('are not mixed with those of another list, nor complete without each part', () => {
    const [old, now] = [partsOf(1, 7, many(50)), partsOf(1, 8, many(30))]
    assert.deepEqual(received([...old.slice(1), ...now]), [many(30)])
    assert.deepEqual(received([...old.slice(1), ...old.slice(1)]), [])
  })

  it('of more parts than anybody has are not gathered', () => {
    const [part] = partsOf(1, 7, many(1))
    assert.ok(part)
    for (const wrong of [{ parts: 0 }, { parts: mostParts + 1 }, { part: 1 }]) {
      assert.deepEqual(gather(undefined, { ...part, ...wrong }), [undefined, undefined])
    }
  })
})
