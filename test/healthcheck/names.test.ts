import assert from 'node:assert/strict'
import { type Endpoint, formatEndpoint } from '../../src/base/ip.js'
import type { Log, NameAnswer } from '../../src/base/ports.js'
import { port } from '../../src/base/units.js'
import { Names } from '../../src/healthcheck/names/runtime.js'
import type { Inconclusive } from '../../src/healthcheck/outcome.js'
import type { NamedTarget } from '../../src/healthcheck/target.js'
import { ip } from './samples.js'
import { VirtualClock } from './virtual-clock.js'

const at = (ttl: number, ...addresses: readonly string[]): NameAnswer => ({
  type: 'addresses',
  addresses: addresses.map(ip),
  ttl,
})
const unanswered: NameAnswer = { type: 'unanswered', reason: 'no answer from DNS (ETIMEOUT)' }
const missing: NameAnswer = { type: 'none', reason: 'no such name in DNS' }

function bench(first: NameAnswer | 'silent') {
  const clock = new VirtualClock()
  const lines: string[] = []
  const note = (line: string) => lines.push(line)
  const log: Log = { error: note, warn: note, info: note, debug: () => {} }
  const state = { answer: first, asked: 0 }
  const names = new Names(clock, log, {
    lookUp: () => {
      state.asked++
      return state.answer === 'silent' ? new Promise(() => {}) : Promise.resolve(state.answer)
    },
  })
  names.configure([target()])
  const shown = (found: Endpoint | Inconclusive) => ('pass' in found ? found.reason : formatEndpoint(found))
  const resolve = async (changes: Partial<NamedTarget> = {}, signal = new AbortController().signal) =>
    shown(await names.resolve(target(changes), signal))
  return { clock, lines, names, state, resolve }
}

const target = (changes: Partial<NamedTarget> = {}): NamedTarget => ({
  name: 'db.example.net',
  port: port(5432) ?? assert.fail(),
  family: 4,
  only: false,
  ...changes,
})

describe('healthcheck/names', () => {
  it('asks once for as long as the answer lives, and again in the background before it ends', async () => {
    const { clock, names, state, resolve } = bench(at(60, '10.0.0.9', '10.0.0.5'))
    assert.equal(await resolve(), '10.0.0.5:5432')
    await clock.advance(47_000)
    assert.equal(await resolve(), '10.0.0.5:5432')
    assert.equal(state.asked, 1)
    state.answer = at(60, '10.0.0.7')
    await clock.advance(2_000)
    const meanwhile = names.resolve(target(), new AbortController().signal)
    assert.ok(!(meanwhile instanceof Promise), 'no check waits for it')
    assert.equal(state.asked, 2)
    await clock.advance(1)
    assert.equal(await resolve(), '10.0.0.7:5432')
    assert.equal(state.asked, 2)
  })

  it('waits where the answer has ended, and no longer than the check may take', async () => {
    const { clock, state, resolve } = bench(at(5, '10.0.0.5'))
    await resolve()
    await clock.advance(6_000)
    state.answer = at(5, '10.0.0.6')
    assert.equal(await resolve(), '10.0.0.6:5432')
    const silent = bench('silent')
    const timeUp = new AbortController()
    const waiting = silent.resolve({}, timeUp.signal)
    timeUp.abort()
    assert.equal(await waiting, 'db.example.net: no answer from DNS yet')
  })

  it('keeps the last answer while DNS fails, says so once, and drops it when the name is gone', async () => {
    const { clock, lines, state, resolve } = bench(at(5, '10.0.0.5'))
    await resolve()
    state.answer = unanswered
    for (let i = 0; i < 3; i++) {
      await clock.advance(6_000)
      assert.equal(await resolve(), '10.0.0.5:5432')
    }
    assert.deepEqual(lines, ['db.example.net: no answer from DNS (ETIMEOUT); checks go on with 10.0.0.5'])
    state.answer = missing
    await clock.advance(6_000)
    assert.equal(await resolve(), 'db.example.net: no such name in DNS')
  })

  it('does not ask for a missing name before each check', async () => {
    const { clock, state, resolve } = bench(missing)
    for (let i = 0; i < 4; i++) {
      assert.equal(await resolve(), 'db.example.net: no such name in DNS')
      await clock.advance(1_000)
    }
    assert.equal(state.asked, 1)
    await clock.advance(2_000)
    await resolve()
    assert.equal(state.asked, 2)
  })

  it('takes the wanted family, and the other one only where none is asked for', async () => {
    const { resolve } = bench(at(60, '2001:db8::5', '10.0.0.5'))
    assert.equal(await resolve({ family: 6 }), '[2001:db8::5]:5432')
    assert.equal(await resolve({ family: 4 }), '10.0.0.5:5432')
    const only4 = bench(at(60, '10.0.0.5'))
    assert.equal(await only4.resolve({ family: 6 }), '10.0.0.5:5432')
    assert.equal(
      await only4.resolve({ family: 6, only: true }),
      'db.example.net: no address of IPv6, as bind has it',
    )
  })
})
