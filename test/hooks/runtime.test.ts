/** Telling hooks, on a virtual clock. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { type DirectorEvent, type EventType, eventTypes } from '../../src/base/events.js'
import type { ProgramRun } from '../../src/base/program.js'
import { millis } from '../../src/base/units.js'
import type { HookConfig } from '../../src/config/hook.js'
import { type HookStand, type HooksPorts, retryDelay, startHooks } from '../../src/hooks/runtime.js'
import { VirtualClock } from '../healthcheck/virtual-clock.js'

const all = Object.keys(eventTypes) as EventType[]
const urlHook = (name: string, more: Partial<HookConfig> = {}): HookConfig =>
  ({
    kind: 'url',
    name,
    on: all,
    timeout: millis(1_000),
    retryFor: millis(600_000),
    url: `https://${name}/`,
    headers: {},
    verify: true,
    caFile: undefined,
    ...more,
  }) as HookConfig
const role = (
  id: number,
  subject: string,
  state: string,
  type: EventType = 'router.role',
): DirectorEvent => ({
  id,
  at: 1_700_000_000_000,
  type,
  subject,
  state,
  before: 'backup',
  reason: 'because',
})

class Bench {
  readonly clock = new VirtualClock()
  /** `HOOK generation state superseded attempt`, as it was tried. */
  readonly tried: string[] = []
  readonly delivered: string[] = []
  readonly lines: string[] = []
  /** By hook; undefined: taken. A promise: whenever it is settled. */
  answer: (hook: string, generation: number) => Promise<string | undefined> | string | undefined = () =>
    undefined
  ran: ProgramRun = { how: 'exited', status: 0, output: '' }
  readonly hooks

  constructor() {
    const line = (message: string): void => {
      this.lines.push(message)
    }
    const ports: HooksPorts = {
      clock: this.clock,
      log: { error: line, warn: line, info: line, debug: () => {} },
      runProgram: async (program, variables, input) => {
        this.tried.push(`${program.command[0]} ${JSON.stringify(variables)} ${input.trim()}`)
        return this.ran
      },
      post: async ({ name }, message) => {
        const { generation, state, superseded, attempt } = message
        this.tried.push(`${name} ${generation} ${state} ${superseded} ${attempt}`)
        return this.answer(name, generation)
      },
    }
    this.hooks = startHooks(ports, ({ name, generation }) => this.delivered.push(`${name} ${generation}`))
  }

  start(hooks: readonly HookConfig[], stands: Readonly<Record<string, HookStand>> = {}): void {
    this.hooks.configure('lb1', hooks, stands)
  }
}

describe('hooks/runtime', () => {
  it('tells each hook what it wants, in order and one at a time', async () => {
    const bench = new Bench()
    let take: () => void = () => {}
    bench.answer = (_, generation) =>
      generation === 1
        ? new Promise((resolve) => {
            take = () => resolve(undefined)
          })
        : undefined
    bench.start([urlHook('a', { on: ['router.role'] })])
    bench.hooks.add([
      role(1, 'front', 'active'),
      role(2, 'x', 'healthy', 'server.health'),
      role(3, 'back', 'fault'),
    ])
    await bench.clock.advance(0)
    deepEqual(bench.tried, ['a 1 active 0 1'])
    take()
    await bench.clock.advance(0)
    deepEqual(bench.tried, ['a 1 active 0 1', 'a 3 fault 0 1'])
    deepEqual(bench.delivered, ['a 1', 'a 3'])
  })

  it('one that hangs for ever does not delay another', async () => {
    const bench = new Bench()
    bench.answer = (hook) => (hook === 'a' ? new Promise(() => {}) : undefined)
    bench.start([urlHook('a'), urlHook('b')])
    bench.hooks.add([role(1, 'front', 'active'), role(2, 'front', 'backup')])
    await bench.clock.advance(3_600_000)
    deepEqual(bench.delivered, ['b 2'])
    equal(bench.hooks.status()[0]?.pending, 1)
  })

  it('tells only the latest of what changes while it is busy', async () => {
    const bench = new Bench()
    bench.answer = () => 'status 503'
    bench.start([urlHook('a')])
    bench.hooks.add([role(1, 'front', 'active')])
    await bench.clock.advance(500)
    bench.hooks.add([role(2, 'front', 'backup'), role(3, 'back', 'active'), role(4, 'front', 'active')])
    bench.answer = () => undefined
    await bench.clock.advance(1_000)
    deepEqual(bench.tried, ['a 1 active 0 1', 'a 3 active 0 1', 'a 4 active 2 1'])
    deepEqual(bench.delivered, ['a 3', 'a 4'])
  })

  it('tries again at growing intervals, says so once, and says when it works again', async () => {
    const bench = new Bench()
    bench.answer = () => 'connection refused'
    bench.start([urlHook('a', { retryFor: undefined })])
    bench.hooks.add([role(1, 'front', 'active')])
    await bench.clock.advance(999)
    equal(bench.tried.length, 1)
    await bench.clock.advance(1)
    equal(bench.tried.length, 2)
    await bench.clock.advance(300_000)
    deepEqual([1, 2, 3, 7, 8, 99].map(retryDelay), [1_000, 2_000, 4_000, 60_000, 60_000, 60_000])
    deepEqual(bench.lines, ['hook a: connection refused; trying again'])
    const [report] = bench.hooks.status()
    equal(report?.failures, bench.tried.length)
    equal(report?.last?.failure, 'connection refused')
    bench.answer = () => undefined
    await bench.clock.advance(60_000)
    deepEqual(bench.delivered, ['a 1'])
    deepEqual(bench.lines.slice(1), ['hook a: works again'])
    equal(bench.hooks.status()[0]?.last?.failure, undefined)
  })

  it('gives one event up after retry_for, and goes on with the next', async () => {
    const bench = new Bench()
    bench.answer = (_, generation) => (generation === 1 ? 'status 400' : undefined)
    bench.start([urlHook('a', { retryFor: millis(10_000) })])
    bench.hooks.add([role(1, 'front', 'active'), role(2, 'back', 'active')])
    await bench.clock.advance(60_000)
    deepEqual(bench.delivered, ['a 1', 'a 2'])
    match(bench.lines[1] ?? '', /^hook a: given up after 7 s: status 400$/)
    equal(bench.hooks.status()[0]?.lost, 1)
  })

  it('a successor goes on where the hook stands; a new hook hears what is so, not what is over', async () => {
    const bench = new Bench()
    bench.start([urlHook('old'), urlHook('new')], { old: { told: 4, since: 0 }, new: { told: 0, since: 5 } })
    bench.hooks.add([
      role(3, 'front', 'active'),
      role(4, 'config', 'applied', 'config.reload'),
      role(5, 'ipvs', 'repaired', 'table.drift'),
      role(6, 'back', 'active'),
    ])
    await bench.clock.advance(0)
    deepEqual(bench.delivered.sort(), ['new 3', 'new 6', 'old 5', 'old 6'])
  })

  it('a reload leaves hooks alone that are as before', async () => {
    const bench = new Bench()
    bench.answer = () => 'status 500'
    bench.start([urlHook('a'), urlHook('b')])
    bench.hooks.add([role(1, 'front', 'active')])
    await bench.clock.advance(0)
    bench.start([urlHook('a'), urlHook('b', { on: ['router.role'] })], { a: { told: 0, since: 0 } })
    bench.hooks.add([role(1, 'front', 'active')])
    bench.answer = () => undefined
    await bench.clock.advance(10_000)
    deepEqual(bench.tried, [
      'a 1 active 0 1',
      'b 1 active 0 1',
      'b 1 active 0 1',
      'a 1 active 0 2',
      'b 1 active 0 2',
    ])
  })

  it('gives a program the event on its input and in its variables, and takes status 0 for an answer', async () => {
    const bench = new Bench()
    const hook: HookConfig = {
      kind: 'command',
      name: 'page',
      on: all,
      timeout: millis(1_000),
      retryFor: undefined,
      command: ['/usr/lib/page'],
      user: 'nobody',
    }
    bench.ran = { how: 'exited', status: 2, output: 'no network\n' }
    bench.start([hook])
    bench.hooks.add([role(7, 'front', 'active')])
    await bench.clock.advance(0)
    equal(
      bench.tried[0],
      '/usr/lib/page {"VIPAIR_EVENT":"router.role","VIPAIR_SUBJECT":"front","VIPAIR_STATE":"active","VIPAIR_GENERATION":"7"} ' +
        '{"generation":7,"at":"2023-11-14T22:13:20.000Z","director":"lb1","type":"router.role","subject":"front","state":"active",' +
        '"before":"backup","reason":"because","text":"front: backup -> active, because","superseded":0,"attempt":1}',
    )
    deepEqual(bench.lines, ['hook page: exit status 2: no network; trying again'])
    bench.ran = { how: 'exited', status: 0, output: '' }
    await bench.clock.advance(1_000)
    deepEqual(bench.delivered, ['page 7'])
  })

  it('is flushed when every hook has been told everything or fails', async () => {
    const bench = new Bench()
    let take: () => void = () => {}
    bench.answer = (hook) =>
      hook === 'a'
        ? 'status 500'
        : new Promise((resolve) => {
            take = () => resolve(undefined)
          })
    bench.start([urlHook('a'), urlHook('b')])
    let flushed = 0
    bench.hooks.flush(() => flushed++)
    equal(flushed, 1)
    bench.hooks.add([role(1, 'front', 'active')])
    bench.hooks.flush(() => flushed++)
    await bench.clock.advance(0)
    equal(flushed, 1)
    take()
    await bench.clock.advance(0)
    equal(flushed, 2)
  })
})
