import { strict as assert } from 'node:assert'
import { calm, type Name, otherOf, type Weather, World } from './world.js'

const names: readonly Name[] = ['lb1', 'lb2']
const seeds = Array.from({ length: 40 }, (_, i) => i + 1)
const flood: Weather = { ...calm, replaysPerSecond: 2000 }

/** Twelve seconds of changing weather, with restarts and cuts at random moments. */
function storm(world: World): void {
  for (let phase = 0; phase < 12; phase++) {
    const cut = world.random.chance(0.15)
    world.weather = {
      loss: cut ? 1 : world.random.unit() * 0.4,
      duplication: world.random.unit() * 0.3,
      maxDelay: 2 + world.random.unit() * 400,
      replaysPerSecond: world.random.chance(0.5) ? world.random.unit() * 500 : 0,
    }
    world.run(1000, () => {
      for (const name of names) {
        if (world.random.chance(0.0003)) world.restart(name)
        if (world.random.chance(0.05)) world.say(name)
      }
    })
  }
}

/** Milliseconds until a message of each side reached the other one. */
function timeToTalk(world: World, limit: number): number {
  const start = world.now
  const heard = { lb1: false, lb2: false }
  while (!(heard.lb1 && heard.lb2)) {
    if (world.now - start > limit) throw new Error(`no talk within ${limit} ms`)
    const ids = names.map((name) => [name, world.say(name)] as const)
    world.run(5)
    for (const [name, id] of ids) {
      if (id !== undefined && world.directors[otherOf(name)].delivered.has(id)) heard[name] = true
    }
  }
  return world.now - start
}

describe('pair channel under loss, reordering, restarts and replay', () => {
  for (const seed of seeds) {
    it(`delivers each message at most once, within its lives, and recovers (seed ${seed})`, () => {
      const world = new World(seed)
      storm(world)
      world.weather = world.random.chance(0.5) ? calm : flood
      world.inFlight.length = 0
      timeToTalk(world, 1500)
      assert.ok(world.bothReachable())
    })
  }

  it('answers a restarted director within a few round trips, also under replay', () => {
    for (const name of names) {
      const world = new World(99)
      world.run(100)
      world.weather = flood
      world.restart(name)
      assert.ok(timeToTalk(world, 100) <= 30)
    }
  })

  it('meets in one session when both start at the same moment', () => {
    const world = new World(5)
    world.run(50)
    assert.deepEqual([world.directors.lb1.sessions, world.directors.lb2.sessions], [1, 1])
  })

  it('goes on in the same session after a cut, without a handshake', () => {
    const world = new World(6)
    world.run(100)
    world.weather = { ...calm, loss: 1 }
    world.run(2500)
    world.weather = calm
    assert.ok(timeToTalk(world, 100) <= 10)
    assert.deepEqual([world.directors.lb1.sessions, world.directors.lb2.sessions], [1, 1])
  })

  it('talks at once after a long cut', () => {
    const world = new World(7)
    world.run(100)
    world.weather = { ...calm, loss: 1 }
    world.run(60_000)
    assert.ok(!world.bothReachable())
    world.weather = calm
    assert.ok(timeToTalk(world, 100) <= 10)
    world.run(10_000, () => assert.ok(world.directors.lb1.state.current && world.directors.lb2.state.current))
    assert.ok(world.bothReachable())
  })

  it('loses nothing that is sent in calm weather while everything recorded is played again', () => {
    const world = new World(8)
    world.run(100)
    world.weather = flood
    const sent: number[] = []
    world.run(3000, () => {
      const id = world.say('lb1')
      if (id !== undefined) sent.push(id)
    })
    world.run(10)
    assert.equal(sent.length, 3000)
    assert.deepEqual(
      sent.filter((id) => !world.directors.lb2.delivered.has(id)),
      [],
    )
    assert.ok((world.directors.lb2.discarded.get('replay') ?? 0) > 1000)
    assert.deepEqual([world.directors.lb1.sessions, world.directors.lb2.sessions], [1, 1])
  })

  it('keeps no memory of what is played to it', () => {
    const world = new World(9)
    storm(world)
    world.weather = flood
    world.run(2000)
    const size = (name: Name) => JSON.stringify(world.directors[name].state).length
    const before = names.map(size)
    world.run(2000)
    for (const [i, name] of names.entries()) assert.ok(size(name) < (before[i] ?? 0) * 1.5)
  })
})
