/** Two directors' mirrors: what operators say and what each sees, whatever happens between them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Health } from '../../../src/base/facts.js'
import type { VirtualServiceConfig } from '../../../src/config/model.js'
import { parseConfig } from '../../../src/config/parse.js'
import { type Side, twoMirrors } from './two-mirrors.js'

const parsed = parseConfig(readFileSync('configs/pair-dr.toml'))
assert.ok(parsed.ok)
const [template] = parsed.value.config.virtualServices
assert.ok(template)
const [aServer] = template.realServers
assert.ok(aServer)

const service = (name: string, count: number): VirtualServiceConfig => ({
  ...template,
  name,
  realServers: Array.from({ length: count }, (_, i) => ({ ...aServer, name: `rs${i + 1}` })),
})
const services = [service('web', 3), service('mail', 3)]

function started(seed = 1, files = services) {
  const world = twoMirrors(files, seed)
  world.lb1.start()
  world.lb2.start()
  world.clock.runFor(3000)
  return world
}

/** What the peer of this side was told that it sees. */
const seen = (side: Side) =>
  services.flatMap(({ name, realServers }) =>
    realServers.map((server) => side.mirror?.verdict(name, server.name)?.health),
  )

describe('an order', () => {
  it('is on both, and the answer says so', async () => {
    const { clock, lb1, lb2 } = started()
    const told = lb1.order('web', 'rs1', 'drain')
    clock.runFor(300)
    assert.deepEqual(await told, { name: 'lb2', has: true, text: 'lb2 has it too' })
    assert.deepEqual(lb2.standing, ['web/rs1 drain at lb1'])
    assert.equal(lb2.overridden, 1)
    assert.match(lb2.lines.join('\n'), /web: rs1: drain by the operator at lb1/)
    lb2.order('web', 'rs1', 'weight', 7)
    clock.runFor(300)
    assert.deepEqual(lb1.standing, ['web/rs1 weight 7 at lb2'])
  })

  it('waits for a peer that is away, and so does its end', async () => {
    const { clock, link, lb1, lb2 } = started()
    link.cut = true
    clock.runFor(5000)
    const told = await lb1.order('web', 'rs1', 'disable')
    assert.deepEqual(told, { name: 'lb2', has: false, text: 'lb2 will be told when it is reachable' })
    link.cut = false
    clock.runFor(2500)
    assert.deepEqual(lb2.standing, ['web/rs1 disable at lb1'])
    lb2.stop()
    clock.runFor(5000)
    lb1.order('web', 'rs1', 'enable')
    // The peer comes back with a file that has the older word.
    lb2.start()
    clock.runFor(2500)
    assert.deepEqual([lb1.standing, lb2.standing], [[], []])
  })

  it('outlives restarts of both, and a boot of one', () => {
    const { clock, lb1, lb2 } = started()
    lb1.order('web', 'rs1', 'quiesce')
    lb2.order('mail', 'rs2', 'weight', 3)
    clock.runFor(500)
    for (const side of [lb1, lb2]) {
      side.stop()
      side.start()
    }
    clock.runFor(3000)
    lb1.boot()
    clock.runFor(3000)
    const expected = ['mail/rs2 weight 3 at lb2', 'web/rs1 quiesce at lb1']
    assert.deepEqual([lb1.standing, lb2.standing], [expected, expected])
  })

  it('is known to a director that was booted within half a second', () => {
    const { clock, lb1, lb2 } = started()
    lb1.order('web', 'rs1', 'disable')
    clock.runFor(500)
    lb1.boot()
    clock.runFor(500)
    assert.deepEqual([lb1.standing, lb2.standing], [['web/rs1 disable at lb1'], ['web/rs1 disable at lb1']])
  })

  it('after a boot is newer than those before it', () => {
    const { clock, link, lb1, lb2 } = started()
    for (let i = 0; i < 5; i++) lb1.order('web', 'rs1', 'weight', i)
    clock.runFor(500)
    link.cut = true
    lb1.boot()
    lb1.order('web', 'rs1', 'drain')
    link.cut = false
    clock.runFor(3000)
    assert.deepEqual([lb1.standing, lb2.standing], [['web/rs1 drain at lb1'], ['web/rs1 drain at lb1']])
  })

  it('holds on a peer that cannot remember it, and is said to it until it can', async () => {
    const { clock, lb1, lb2 } = started()
    lb2.diskFull = true
    const told = lb1.order('web', 'rs1', 'drain')
    clock.runFor(5000)
    assert.equal((await told)?.text, 'lb2 has not confirmed it, and will be told again')
    assert.deepEqual(lb2.standing, ['web/rs1 drain at lb1'])
    assert.equal(lb2.lines.filter((line) => line.includes('ENOSPC')).length, 1)
    lb2.diskFull = false
    clock.runFor(2000)
    lb2.stop()
    lb2.start()
    assert.deepEqual(lb2.standing, ['web/rs1 drain at lb1'])
  })

  it('begins its time on each when that learns of it', () => {
    const { clock, link, lb1, lb2 } = started()
    link.cut = true
    lb1.order('web', 'rs1', 'drain')
    const said = clock.now()
    clock.runFor(60_000)
    link.cut = false
    clock.runFor(2500)
    assert.equal(lb1.overrides.of('web', 'rs1')?.since, said)
    assert.ok((lb2.overrides.of('web', 'rs1')?.since ?? 0) >= said + 60_000)
    const began = lb2.overrides.of('web', 'rs1')?.since
    // The same wish of the other side: it is under way.
    lb2.order('web', 'rs2', 'drain')
    clock.runFor(3000)
    assert.equal(lb2.overrides.of('web', 'rs1')?.since, began)
  })

  it('for a server that the other file does not have is kept there and named', async () => {
    const [, mail] = services
    assert.ok(mail)
    const older = [service('web', 1), mail]
    const { clock, lb1, lb2 } = twoMirrors(services)
    lb2.services = older
    lb2.hash = '2222222222222222'
    lb1.start()
    lb2.start()
    clock.runFor(3000)
    const told = lb1.order('web', 'rs3', 'drain')
    clock.runFor(300)
    assert.equal((await told)?.text, 'lb2 has it too, but no such server in its file')
    assert.match(
      lb2.mirror?.warnings.join('\n') ?? '',
      /^web: rs3: drain \(said at lb1\) is kept for a server that this file does not have/,
    )
    assert.deepEqual(lb1.mirror?.warnings, [])
    lb2.reload(services, lb1.hash)
    clock.runFor(3000)
    assert.deepEqual(lb2.standing, ['web/rs3 drain at lb1'])
    assert.deepEqual(lb2.mirror?.warnings, [])
    // Gone from one file it is kept, gone from both it is forgotten.
    lb1.reload(older, '2222222222222222')
    clock.runFor(3000)
    assert.deepEqual([lb1.standing.length, lb2.standing.length], [1, 1])
    lb2.reload(older, '2222222222222222')
    clock.runFor(3000)
    assert.deepEqual([lb1.standing, lb2.standing], [[], []])
    lb2.order('web', 'rs1', 'drain')
    clock.runFor(1500)
    assert.deepEqual(lb1.standing, ['web/rs1 drain at lb2'])
  })

  it('can be taken back where the file has no such server', () => {
    const { clock, lb1, lb2 } = twoMirrors(services)
    lb2.services = [service('web', 1)]
    lb2.hash = '2222222222222222'
    lb1.start()
    lb2.start()
    clock.runFor(3000)
    lb1.order('web', 'rs3', 'drain')
    clock.runFor(1000)
    assert.throws(() => lb2.order('web', 'rs3', 'disable'), { status: 404 })
    lb2.order('web', 'rs3', 'enable')
    clock.runFor(1000)
    assert.deepEqual([lb1.standing, lb2.standing], [[], []])
  })

  it('is the same on both in the end, whatever happens', () => {
    const step = fc.record({
      side: fc.constantFrom('lb1' as const, 'lb2' as const),
      what: fc.constantFrom('order', 'order', 'order', 'restart', 'boot', 'stop', 'start', 'cut', 'heal'),
      server: fc.constantFrom('rs1', 'rs2'),
      action: fc.constantFrom('drain', 'quiesce', 'enable', 'disable'),
      wait: fc.constantFrom(0, 30, 400, 4000),
    })
    const life = fc.record({
      steps: fc.array(step, { maxLength: 25 }),
      seed: fc.nat(),
      loss: fc.constantFrom(0, 0.2, 0.5),
      skew: fc.constantFrom(0, -3_600_000, 3_600_000),
    })
    fc.assert(
      fc.property(life, ({ steps, seed, loss, skew }) => {
        const { clock, link, lb1, lb2 } = twoMirrors(services, seed)
        link.loss = loss
        lb2.skew = skew
        lb1.start()
        lb2.start()
        for (const { side, what, server, action, wait } of steps) {
          const one = side === 'lb1' ? lb1 : lb2
          if (what === 'cut' || what === 'heal') link.cut = what === 'cut'
          else if (what === 'stop') one.stop()
          else if (what === 'order') one.order('web', server, action)
          else if (what === 'boot') one.boot()
          else {
            one.stop()
            one.start()
          }
          clock.runFor(wait)
        }
        link.cut = false
        for (const one of [lb1, lb2]) if (!one.mirror) one.start()
        clock.runFor(60_000)
        assert.deepEqual(lb1.standing, lb2.standing)
        // While they hear each other the last word stands, whatever the dates are.
        link.loss = 0
        clock.runFor(5000)
        lb1.order('web', 'rs1', 'disable')
        clock.runFor(3000)
        lb2.order('web', 'rs1', 'quiesce')
        clock.runFor(3000)
        for (const one of [lb1, lb2])
          assert.ok(one.standing.includes('web/rs1 quiesce at lb2'), one.standing.join(', '))
      }),
      { numRuns: 150 },
    )
  })
})

describe('the two views', () => {
  it('are each known to the other, with reasons and age', () => {
    const { clock, lb1, lb2 } = started()
    assert.deepEqual(seen(lb2), Array(6).fill('unknown'))
    lb1.judge('web', 'rs1', 'unhealthy', 'tcp connect: ECONNREFUSED (3 of 3 failed)')
    clock.runFor(500)
    assert.deepEqual(lb2.mirror?.verdict('web', 'rs1'), {
      health: 'unhealthy',
      reason: 'tcp connect: ECONNREFUSED (3 of 3 failed)',
    })
    const { ageSeconds = 9, ...counts } = lb2.mirror?.view ?? {}
    assert.ok(ageSeconds < 1.5, `${ageSeconds} s`)
    assert.deepEqual(counts, { unknown: 5, healthy: 0, unhealthy: 1, differing: 0 })
    lb1.stop()
    clock.runFor(10_000)
    assert.ok((lb2.mirror?.view?.ageSeconds ?? 0) > 9)
  })

  it('are those of the present files and of the present run', () => {
    const { clock, lb1, lb2 } = started()
    for (const rs of ['rs1', 'rs2', 'rs3']) lb1.judge('web', rs, 'healthy')
    clock.runFor(500)
    const [, mail] = services
    assert.ok(mail)
    lb1.reload([service('web', 2), mail], '2222222222222222')
    clock.runFor(1500)
    assert.deepEqual(
      ['rs1', 'rs2', 'rs3'].map((rs) => lb2.mirror?.verdict('web', rs)?.health),
      ['healthy', 'healthy', undefined],
    )
    lb1.stop()
    lb1.start()
    clock.runFor(1500)
    assert.equal(lb2.mirror?.verdict('web', 'rs1')?.health, 'unknown')
  })

  it('that differ for longer than a check takes are a warning with both reasons, while it is so', () => {
    const { clock, lb1, lb2 } = started()
    for (const side of [lb1, lb2]) for (const rs of ['rs1', 'rs2', 'rs3']) side.judge('web', rs, 'healthy')
    clock.runFor(1000)
    lb1.judge('web', 'rs1', 'unhealthy', 'tcp connect: timed out (3 of 3 failed)')
    clock.runFor(3000)
    assert.deepEqual([lb1.mirror?.warnings, lb2.mirror?.warnings], [[], []])
    assert.equal(lb2.mirror?.view?.differing, 1)
    clock.runFor(10_000)
    assert.match(
      lb1.mirror?.warnings.join('\n') ?? '',
      /^web: rs1 is unhealthy here \(tcp connect: timed out \(3 of 3 failed\)\) and healthy for lb2 \(healthy for lb2\) for 1\d s: compare how both reach it$/,
    )
    assert.match(
      lb2.mirror?.warnings.join('\n') ?? '',
      /^web: rs1 is healthy here \(healthy for lb2\) and unhealthy for lb1 \(tcp connect: timed out \(3 of 3 failed\)\)/,
    )
    lb1.judge('web', 'rs1', 'healthy')
    clock.runFor(1500)
    assert.deepEqual([lb1.mirror?.warnings, lb2.mirror?.warnings], [[], []])
    for (const side of [lb1, lb2]) {
      const told = side.lines.filter((line) => line.includes('rs1'))
      assert.equal(told.length, 2, told.join('\n'))
      assert.match(told[1] ?? '', /web: rs1: no longer judged differently/)
    }
  })

  it('are not held against a peer that is silent', () => {
    const { clock, link, lb1, lb2 } = started()
    lb1.judge('web', 'rs1', 'healthy')
    lb2.judge('web', 'rs1', 'unhealthy')
    clock.runFor(15_000)
    assert.equal(lb1.mirror?.warnings.length, 1)
    link.cut = true
    clock.runFor(6000)
    assert.deepEqual(lb1.mirror?.warnings, [])
  })

  it('are whole in the end, whatever was lost', () => {
    const change = fc.record({
      side: fc.constantFrom('lb1' as const, 'lb2' as const),
      service: fc.constantFrom('web', 'mail'),
      server: fc.constantFrom('rs1', 'rs2', 'rs3'),
      health: fc.constantFrom<Health>('healthy', 'unhealthy'),
      wait: fc.constantFrom(0, 20, 700),
      restart: fc.constantFrom(false, false, false, false, true),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.nat(), (changes, seed) => {
        const { clock, link, lb1, lb2 } = twoMirrors(services, seed)
        link.loss = 0.4
        lb1.start()
        lb2.start()
        for (const { side, service, server, health, wait, restart } of changes) {
          const one = side === 'lb1' ? lb1 : lb2
          if (restart) {
            one.stop()
            one.start()
          }
          one.judge(service, server, health)
          clock.runFor(wait)
        }
        clock.runFor(60_000)
        for (const [one, other] of [
          [lb1, lb2],
          [lb2, lb1],
        ] as const)
          for (const { name, realServers } of services)
            for (const server of realServers) {
              const own = one.health.all.get(`${name}\n${server.name}`)
              const expected = { health: own?.health ?? 'unknown', reason: own?.reason ?? '' }
              assert.deepEqual(other.mirror?.verdict(name, server.name), expected)
            }
      }),
      { numRuns: 100 },
    )
  })

  it('of 30,000 servers come in seconds, and cost next to nothing after', () => {
    const many = Array.from({ length: 300 }, (_, i) => service(`service-${i}`, 100))
    const { clock, link, lb1, lb2 } = twoMirrors(many)
    lb1.start()
    lb2.start()
    for (const { name, realServers } of many)
      for (const server of realServers)
        lb1.judge(name, server.name, 'healthy', 'tcp connect: connected (2 of 2 passed)')
    clock.runFor(10_000)
    assert.equal(lb2.mirror?.view?.healthy, 30_000)
    assert.ok(link.bytes < 2_000_000, `${link.bytes} bytes`)
    const before = { sent: link.sent, bytes: link.bytes }
    clock.runFor(10_000)
    assert.ok(link.sent - before.sent <= 45, `${link.sent - before.sent} messages`)
    assert.ok(link.bytes - before.bytes < 3_000, `${link.bytes - before.bytes} bytes`)
  })

  it('say nothing to a peer that does not answer but that this director is here', () => {
    const { clock, link, lb1 } = twoMirrors([service('web', 1000)])
    lb1.start()
    clock.runFor(10_000)
    assert.ok(link.sent <= 41 && link.bytes <= 41 * 58, `${link.sent} messages`)
  })
})
