import assert from 'node:assert/strict'
import { millis } from '../../src/base/units.js'
import type { VirtualServiceConfig } from '../../src/config/model.js'
import { CheckProcesses } from '../../src/daemon/check-processes.js'
import type { FromHealthcheck, ToHealthcheck } from '../../src/daemon/messages.js'
import { stopped } from '../../src/daemon/supervision.js'
import { server, service, tcpCheck } from '../healthcheck/samples.js'

interface FakeProcess {
  readonly messages: ToHealthcheck[]
  readonly say: (message: FromHealthcheck) => void
  state: 'made' | 'started' | 'stopped'
}

function bench(cores = 8) {
  const made = new Map<string, FakeProcess>()
  const heard: string[] = []
  const pool = new CheckProcesses({
    cores,
    create(name, say) {
      const fake: FakeProcess = { messages: [], say, state: 'made' }
      made.set(name, fake)
      return {
        name,
        pid: undefined,
        silent: false,
        supervision: stopped,
        tick: () => {},
        start: () => {
          fake.state = 'started'
        },
        stop: async () => {
          fake.state = 'stopped'
        },
        send: (message) => fake.messages.push(message) > 0,
      }
    },
    onMessage: (message, name) => heard.push(`${name} ${message.type}`),
  })
  const states = () => Object.fromEntries([...made].map(([name, { state }]) => [name, state]))
  return { pool, made, heard, states }
}

const many = (interval: number): VirtualServiceConfig[] =>
  Array.from({ length: 10 }, (_, i) =>
    service(
      `web${i}`,
      Array.from({ length: 100 }, (_, k) =>
        server(`10.1.${i}.${k}:80`, [tcpCheck({ interval: millis(interval) })]),
      ),
    ),
  )
const setting = (processes: number | 'auto', virtualServices: readonly VirtualServiceConfig[]) => ({
  healthcheck: { processes },
  virtualServices,
})

describe('daemon/check-processes', () => {
  it('starts them when told, and each that is ready gets its share', () => {
    const { pool, made, states } = bench()
    const services = many(1_000)
    pool.configure(setting(3, services))
    assert.deepEqual(states(), { healthcheck: 'made', 'healthcheck-2': 'made', 'healthcheck-3': 'made' })
    pool.start()
    assert.deepEqual([...new Set(Object.values(states()))], ['started'])
    const servers = [...made.values()].flatMap((fake) => {
      fake.say({ type: 'ready' })
      const [message] = fake.messages
      assert.equal(message?.type, 'start')
      return message?.type === 'start' ? message.services.flatMap(({ realServers }) => realServers) : []
    })
    assert.equal(servers.length, 1_000)
    assert.equal(new Set(servers.map(({ name }) => name)).size, 1_000)
  })

  it('tells a reload to those whose share it changes, and only what changed', () => {
    const { pool, made } = bench()
    const services = many(1_000)
    pool.configure(setting(2, services))
    pool.start()
    pool.configure(setting(2, services))
    const [first] = services
    const changed = { ...(first ?? assert.fail()), realServers: [server('10.9.9.9:80', [tcpCheck()])] }
    pool.configure(setting(2, [changed, ...services.slice(1)]))
    const updates = [...made.values()].flatMap(({ messages }) =>
      messages.flatMap((message) => (message.type === 'configure' ? message.services.changed : [])),
    )
    assert.deepEqual(
      updates.map(({ name, realServers }) => [name, realServers.map((one) => one.name)]),
      [['web0', ['10.9.9.9:80']]],
    )
  })

  it('grows with the checks on its own, and never shrinks but when told to', () => {
    const { pool, made, states } = bench()
    pool.configure(setting('auto', many(1_000)))
    pool.start()
    assert.equal(pool.all.length, 1)
    pool.configure(setting('auto', many(100)))
    assert.deepEqual(states(), { healthcheck: 'started', 'healthcheck-2': 'started' })
    pool.configure(setting('auto', many(10_000)))
    assert.equal(pool.all.length, 2)
    pool.configure(setting(1, many(10_000)))
    assert.deepEqual(states(), { healthcheck: 'started', 'healthcheck-2': 'stopped' })
    const last = made.get('healthcheck')?.messages.at(-1)
    assert.ok(last?.type === 'configure' && last.services.changed.length === 10)
  })

  it('has one status of all, without those that ended', () => {
    const { pool, made, heard } = bench()
    const statuses = () =>
      [pool.status ?? []].flat().map(({ checks, passed, maxLateness }) => ({ checks, passed, maxLateness }))
    assert.deepEqual(statuses(), [])
    pool.configure(setting(2, many(1_000)))
    const took = (count: number) => ({ bounds: [1], counts: [count, 1], sum: count })
    const status = (checks: number, maxLateness: number) => ({
      type: 'status' as const,
      eventLoopLagMs: 0,
      status: {
        servers: [],
        checks,
        running: 1,
        passed: 10,
        failed: 2,
        inconclusive: 0,
        missedSlots: 0,
        maxLateness,
        stalled: 0,
        warnings: [],
        durations: took(checks),
        lateness: took(0),
      },
    })
    made.get('healthcheck')?.say(status(600, 3))
    made.get('healthcheck-2')?.say(status(400, 9))
    assert.deepEqual(statuses(), [{ checks: 1_000, passed: 20, maxLateness: 9 }])
    pool.configure(setting(1, many(1_000)))
    made.get('healthcheck-2')?.say(status(400, 9))
    assert.deepEqual(statuses(), [{ checks: 600, passed: 10, maxLateness: 3 }])
    assert.deepEqual(heard, ['healthcheck status', 'healthcheck-2 status'])
  })
})
