import assert from 'node:assert/strict'
import { formatPrefix } from '../../src/base/ip.js'
import { vrid } from '../../src/base/units.js'
import { decodeHandover, encodeHandover } from '../../src/vrrp/handover-message.js'
import type { HandoverResult } from '../../src/vrrp/runtime.js'
import type { FakeHost } from './fake-network.js'
import { back, changesOf, front, pairOf, type Running, rolesOf, routerOf, settingOf } from './pair.js'
import { known, notReady, prio, ready } from './support.js'

const wish = { force: false, stay: true }

/** Runs the network until the handover has ended. */
async function handOver(
  network: { run(span: number): Promise<void> },
  from: Running,
  router?: string,
  how = wish,
): Promise<readonly HandoverResult[]> {
  let ended: readonly HandoverResult[] | undefined
  void from.runtime.handOver(router, how).then((results) => {
    ended = results
  })
  for (let i = 0; i < 150 && !ended; i++) await network.run(10)
  assert.ok(ended, 'the handover ends')
  return ended
}

/** Each release by `host` while nobody else held the address. */
function watchGaps(host: FakeHost, other: FakeHost): string[] {
  const gaps: string[] = []
  const release = host.release.bind(host)
  host.release = (index, prefix, done) => {
    const text = formatPrefix(prefix)
    if (host.held.includes(text) && !other.held.includes(text)) gaps.push(text)
    release(index, prefix, done)
  }
  return gaps
}

const refusalOf = ([first]: readonly HandoverResult[]): string | undefined =>
  first && !first.result.ok ? first.result.error : undefined

describe('vrrp/handover', () => {
  for (const transport of ['udp', 'multicast'] as const) {
    it(`${transport}: the peer owns the address before it is released, and each changes its role once`, async () => {
      const { network, first, second } = await pairOf({ ...front, transport })
      second.runtime.syncReadiness(ready)
      const gaps = watchGaps(first.host, second.host)
      const before = [changesOf(first).length, changesOf(second).length]
      assert.deepEqual(await handOver(network, first), [
        { unit: 'front', result: { ok: true, value: 'lb2' } },
      ])
      assert.deepEqual(gaps, [])
      assert.deepEqual([first.host.held, second.host.held], [[], ['10.0.0.100/24']])
      await network.run(10_000)
      assert.deepEqual(changesOf(first).slice(before[0]), ['front active -> backup, handed over to lb2'])
      assert.deepEqual(changesOf(second).slice(before[1]), ['front backup -> active, lb1 handed over'])
      assert.equal(routerOf(first).holdsBack, 'until lb2 goes or hands back')
    })
  }

  it('back to the higher priority, and that forgets who was left alone', async () => {
    const { network, first, second } = await pairOf(front)
    for (const one of [first, second]) one.runtime.syncReadiness(ready)
    await handOver(network, first)
    const gaps = watchGaps(second.host, first.host)
    assert.equal(refusalOf(await handOver(network, second)), undefined)
    assert.deepEqual(gaps, [])
    await network.run(5_000)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
  })

  it('the director that was left takes over when the other dies', async () => {
    const { network, first, second } = await pairOf(front)
    second.runtime.syncReadiness(ready)
    await handOver(network, first)
    second.host.dead = true
    await network.run(400)
    assert.equal(rolesOf(first), 'front active')
  })

  it('the director that was left is left no longer once it is worth less than it was then', async () => {
    const { network, first, second } = await pairOf(front)
    second.runtime.syncReadiness(ready)
    await handOver(network, first)
    const weighed = (priority: number) =>
      second.runtime.tracked('front', {
        priority: prio(priority),
        because: 'track interface trk0 down',
        fault: undefined,
      })
    for (const more of [100, 120, 100]) {
      weighed(more)
      await network.run(2_000)
      assert.equal(routerOf(first).handedOverTo, 'lb2')
    }
    weighed(10)
    await network.run(1_000)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
    assert.equal(
      changesOf(first).at(-1),
      'front backup -> active, preempts lb2 (priority 150 over 10); lb2 advertised 100 when it was handed over',
    )
  })

  it('comes before another vrid, one director after the other, and nobody is without the address', async () => {
    const { network, first, second } = await pairOf(front)
    const gaps = watchGaps(first.host, second.host)
    const changed = { ...front, vrid: known(vrid(61)) }
    first.runtime.configure(settingOf(0, [changed]))
    await network.run(200)
    assert.deepEqual([gaps, second.host.held], [[], ['10.0.0.100/24']])
    assert.equal(routerOf(first).vrid, 61)
    assert.deepEqual(
      changesOf(first)
        .slice(2)
        .filter((line) => line.startsWith('front')),
      [
        'front active -> backup, handed over to lb2',
        'front backup -> initialize, stopped',
        'front initialize -> backup, started',
      ],
    )
    const gapsBack = watchGaps(second.host, first.host)
    second.runtime.configure(settingOf(1, [changed]))
    await network.run(5_000)
    assert.deepEqual([gapsBack, rolesOf(first), rolesOf(second)], [[], 'front active', 'front backup'])
  })

  it('before another vrid, a peer that cannot take it is not waited for longer than a second', async () => {
    const { network, first, second } = await pairOf(front)
    second.host.dead = true
    first.runtime.configure(settingOf(0, [{ ...front, vrid: known(vrid(60)) }]))
    first.runtime.configure(settingOf(0, [{ ...front, vrid: known(vrid(61)) }]))
    await network.run(900)
    assert.deepEqual([routerOf(first).vrid, rolesOf(first)], [51, 'front active'])
    await network.run(2_000)
    assert.deepEqual([routerOf(first).vrid, rolesOf(first)], [61, 'front active'])
  })

  it('is refused with the reason, and nothing changes', async () => {
    const { network, first, second } = await pairOf(front)
    second.runtime.syncReadiness(notReady)
    assert.equal(refusalOf(await handOver(network, second)), undefined, 'nothing is Active there')
    assert.equal(refusalOf(await handOver(network, second, 'front')), 'front is not Active here (Backup)')
    assert.equal(refusalOf(await handOver(network, first, 'nix')), 'there is no virtual router nix')
    assert.equal(
      refusalOf(await handOver(network, first)),
      'lb2 refuses: not ready: waits for the first snapshot',
    )
    second.host.setInterfaces([])
    await network.run(50)
    assert.equal(
      refusalOf(await handOver(network, first, 'front', { force: true, stay: true })),
      'lb2 refuses: front is in fault there',
    )
    assert.equal(rolesOf(first), 'front active')
    assert.equal(changesOf(first).length, 2)
  })

  it('by force goes to a peer that has no sessions', async () => {
    const { network, first, second } = await pairOf(front)
    second.runtime.syncReadiness(notReady)
    assert.equal(refusalOf(await handOver(network, first, 'front', { force: true, stay: true })), undefined)
    assert.equal(rolesOf(second), 'front active')
  })

  it('to a peer that just died is given up after a second, and the Active has never stopped', async () => {
    const { network, first, second } = await pairOf(front)
    second.host.dead = true
    assert.equal(refusalOf(await handOver(network, first)), 'lb2 did not take over within 1000 ms')
    assert.deepEqual(first.host.held, ['10.0.0.100/24'])
    assert.equal(changesOf(first).length, 2)
  })

  it('is not confirmed when the peer’s kernel refuses the address', async () => {
    const { network, first, second } = await pairOf(front)
    second.runtime.syncReadiness(ready)
    second.host.refuses = 'EPERM'
    assert.equal(refusalOf(await handOver(network, first)), 'lb2 refuses: front is in fault')
    await network.run(3_000)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
    assert.deepEqual(first.host.held, ['10.0.0.100/24'])
  })

  it('a stop while the peer is dead resigns after a second', async () => {
    const { network, first, second } = await pairOf(front)
    second.host.dead = true
    let stopped = false
    void first.runtime.stop().then(() => {
      stopped = true
    })
    await network.run(1_100)
    assert.ok(stopped)
    assert.deepEqual(first.host.held, [])
  })

  it('an answer that nobody waits for any more ends what its sender keeps quiet about', async () => {
    const { network, first, second } = await pairOf(front)
    // lb2 stood still while the attempt was given up, and reads the request only now.
    second.host.stalled = true
    const result = handOver(network, first, 'front', { force: true, stay: true })
    await network.run(200)
    assert.equal(refusalOf(await result), 'lb2 did not take over within 1000 ms')
    second.host.wake()
    await network.run(150)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
  })

  it('a whole group goes in one go, over different transports', async () => {
    const group = 'nat'
    const { network, first, second } = await pairOf(
      { ...front, group },
      { ...back, group, transport: 'multicast' },
    )
    second.runtime.syncReadiness(ready)
    const gaps = watchGaps(first.host, second.host)
    assert.deepEqual(await handOver(network, first, 'back'), [
      { unit: 'nat', result: { ok: true, value: 'lb2' } },
    ])
    await network.run(5_000)
    assert.deepEqual(gaps, [])
    assert.equal(rolesOf(first), 'front backup, back backup')
    assert.equal(rolesOf(second), 'front active, back active')
    assert.equal(changesOf(second).length, 4)
  })

  it('maintenance hands over, stays out, and joins again when it is over', async () => {
    const { network, first, second } = await pairOf(front)
    void first.runtime.maintenance('disk')
    await network.run(50)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front maintenance', 'front active'])
    assert.equal(routerOf(first).reason, 'disk')
    second.host.dead = true
    await network.run(5_000)
    assert.equal(rolesOf(first), 'front maintenance')
    void first.runtime.maintenance(undefined)
    await network.run(2_000)
    assert.equal(rolesOf(first), 'front active')
  })

  it('refuses to take over in maintenance', async () => {
    const { network, first, second } = await pairOf(front)
    void second.runtime.maintenance('disk')
    await network.run(50)
    const result = await handOver(network, first, 'front', { force: true, stay: true })
    assert.equal(refusalOf(result), 'lb2 refuses: front is in maintenance there')
  })

  it('an unknown message is counted and ignored', async () => {
    const { network, first } = await pairOf(front)
    first.host.injectPair(Uint8Array.of(0x1f, 1, 2, 3))
    first.host.injectPair(Uint8Array.of(0x10, 1))
    await network.run(10)
    assert.deepEqual(first.runtime.status().discarded, { message_type: 2 })
    assert.equal(rolesOf(first), 'front active')
  })
})

describe('vrrp/handover-message', () => {
  const unit = { kind: 'group', name: 'nat' } as const
  const messages = [
    { type: 'request', unit, generation: 0xfffffffe, priority: prio(150), force: true },
    { type: 'request', unit: { kind: 'router', name: 'a' }, generation: 0, priority: prio(1), force: false },
    { type: 'answer', unit, generation: 7, refusal: undefined },
    { type: 'answer', unit, generation: 7, refusal: 'not ready: why' },
    { type: 'released', unit, generation: 7 },
  ] as const

  it('reads what it writes, and nothing shorter', () => {
    for (const message of messages) {
      const bytes = encodeHandover(message)
      assert.deepEqual(decodeHandover(bytes), message)
      for (let length = 0; length < bytes.length; length++)
        assert.equal(decodeHandover(bytes.subarray(0, length)), undefined)
    }
  })

  it('keeps a text from playing with the terminal, and cuts it', () => {
    const refusal = `\u001b[2J${'x'.repeat(500)}`
    const read = decodeHandover(encodeHandover({ type: 'answer', unit, generation: 1, refusal }))
    assert.equal(read?.type === 'answer' && read.refusal, `?[2J${'x'.repeat(196)}`)
  })
})
