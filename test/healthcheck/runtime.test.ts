import assert from 'node:assert/strict'
import type { ServerHealth } from '../../src/base/facts.js'
import type { Log } from '../../src/base/ports.js'
import { millis, type Port } from '../../src/base/units.js'
import type { VirtualServiceConfig } from '../../src/config/model.js'
import { failed, inconclusive, type Outcome, passed, warned } from '../../src/healthcheck/outcome.js'
import { startHealthcheck } from '../../src/healthcheck/runtime.js'
import { httpCheck, server, service, tcpCheck } from './samples.js'
import { VirtualClock } from './virtual-clock.js'

interface OpenRun {
  readonly target: number
  readonly startedAt: number
  readonly answer: (outcome: Outcome) => void
  ended: boolean
}

/** A runtime on a virtual clock whose checks answer what the test says: `answers` at once, else by hand. */
function bench(services: readonly VirtualServiceConfig[]) {
  const clock = new VirtualClock()
  const lines: string[] = []
  const note = (message: string) => lines.push(message)
  const log: Log = { error: note, warn: note, info: note, debug: () => {} }
  const facts: ServerHealth[] = []
  const runs: OpenRun[] = []
  const answers = new Map<number, Outcome>()
  const runtime = startHealthcheck(
    {
      clock,
      log,
      random: (length) => new Uint8Array(length),
      runCheck: (check, { port }, timeUp) =>
        new Promise((resolve) => {
          const run: OpenRun = { target: port, startedAt: clock.now(), answer: resolve, ended: false }
          runs.push(run)
          const answer = answers.get(port)
          if (answer) resolve(answer)
          timeUp.addEventListener('abort', () => {
            run.ended = true
            resolve(failed(`silent for ${check.timeout} ms`))
          })
        }),
    },
    (fact) => facts.push(fact),
  )
  runtime.configure(services)
  const seen = () => facts.map(({ service: name, server: of, health }) => `${name}/${of} ${health}`)
  return { clock, lines, facts, runs, answers, runtime, seen }
}

const refused = failed('connection refused')

describe('healthcheck/runtime', () => {
  it('starts unknown, says healthy after rise and unhealthy after fall, once each, with the reason', async () => {
    const { clock, facts, answers, runtime, lines } = bench([
      service('web', [server('10.0.0.21:80', [tcpCheck()])]),
    ])
    answers.set(80, passed('connected'))
    assert.equal(runtime.status().servers[0]?.health, 'unknown')
    await clock.advance(900)
    assert.equal(facts.length, 0)
    await clock.advance(5_000)
    answers.set(80, refused)
    const since = clock.wall()
    await clock.advance(10_000)
    assert.deepEqual(
      facts.map(({ health, reason }) => `${health}: ${reason}`),
      [
        'healthy: tcp 10.0.0.21:80: connected (2 of 2 passed)',
        'unhealthy: tcp 10.0.0.21:80: connection refused (3 of 3 failed)',
      ],
    )
    assert.ok((facts[1]?.since ?? 0) > since)
    assert.deepEqual(lines, [
      'web/10.0.0.21:80: unknown -> healthy, tcp 10.0.0.21:80: connected (2 of 2 passed)',
      'web/10.0.0.21:80: healthy -> unhealthy, tcp 10.0.0.21:80: connection refused (3 of 3 failed)',
    ])
    runtime.stop()
  })

  it('another way of failing is told, with the same since', async () => {
    const { clock, facts, answers, runtime } = bench([service('web', [server('10.0.0.21:80', [tcpCheck()])])])
    answers.set(80, refused)
    await clock.advance(4_000)
    answers.set(80, failed('connection reset'))
    await clock.advance(4_000)
    assert.deepEqual(
      facts.map(({ reason }) => reason),
      [
        'tcp 10.0.0.21:80: connection refused (3 of 3 failed)',
        'tcp 10.0.0.21:80: connection reset (3 of 3 failed)',
      ],
    )
    assert.equal(facts[0]?.since, facts[1]?.since)
    runtime.stop()
  })

  it('a server without checks is healthy at once', () => {
    const { facts, runtime, clock } = bench([service('web', [server('10.0.0.21:80', [])])])
    assert.deepEqual(facts, [
      {
        service: 'web',
        server: '10.0.0.21:80',
        health: 'healthy',
        reason: 'no check configured',
        since: clock.wall(),
      },
    ])
    assert.equal(clock.armed, 0)
    runtime.stop()
  })

  it('servers without checks are one line in the log, told again only when there are more', () => {
    const two = service('web', [server('10.0.0.21:80', []), server('10.0.0.22:80', [])])
    const { lines, runtime } = bench([two])
    runtime.configure([two])
    runtime.configure([two, service('api', [server('10.0.0.23:80', [])])])
    assert.deepEqual(lines, [
      '2 servers without a check count as healthy',
      '1 servers without a check count as healthy',
    ])
    runtime.stop()
  })

  it('equal checks of one server run once and serve all its services', async () => {
    const { clock, answers, runtime, runs, seen } = bench([
      service('web', [server('10.0.0.21:80', [tcpCheck()]), server('10.0.0.21:81', [tcpCheck()])]),
      service('api', [server('10.0.0.21:80', [tcpCheck()], 'one')]),
    ])
    answers.set(80, refused)
    answers.set(81, passed('connected'))
    await clock.advance(2_999)
    assert.equal(runtime.status().checks, 2)
    assert.equal(runs.filter((run) => run.target === 80).length, 3)
    assert.deepEqual(seen().sort(), [
      'api/one unhealthy',
      'web/10.0.0.21:80 unhealthy',
      'web/10.0.0.21:81 healthy',
    ])
    runtime.stop()
  })

  it('all checks of a server must pass', async () => {
    const two = [tcpCheck(), httpCheck({ interval: millis(500) })]
    const { clock, facts, answers, runtime } = bench([service('web', [server('10.0.0.21:80', two)])])
    answers.set(80, passed('fine'))
    await clock.advance(3_000)
    assert.deepEqual(
      facts.map(({ health, reason }) => `${health}: ${reason}`),
      ['healthy: tcp 10.0.0.21:80: fine (2 of 2 passed); http GET /healthz: fine (2 of 2 passed)'],
    )
    runtime.stop()
  })

  it('a reload keeps history and slots of what did not change', async () => {
    const check = tcpCheck()
    const before = [service('web', [server('10.0.0.21:80', [check]), server('10.0.0.22:90', [check])])]
    const { clock, answers, runtime, runs, seen, facts } = bench(before)
    answers.set(80, refused)
    answers.set(90, passed('connected'))
    await clock.advance(2_500)
    const slot = runs.filter((run) => run.target === 80).at(-1)?.startedAt ?? 0
    facts.length = 0
    runtime.configure([service('web', [server('10.0.0.21:80', [check]), server('10.0.0.23:70', [check])])])
    answers.set(70, passed('connected'))
    await clock.advance(600)
    assert.deepEqual(seen(), [])
    assert.equal(runs.filter((run) => run.target === 80).at(-1)?.startedAt, slot + 1_000)
    await clock.advance(2_000)
    assert.deepEqual(seen(), ['web/10.0.0.23:70 healthy'])
    assert.equal(runs.filter((run) => run.target === 90 && run.startedAt > 3_500).length, 0)
    assert.deepEqual(
      runtime.status().servers.map(({ health }) => health),
      ['unhealthy', 'healthy'],
    )
    runtime.stop()
  })

  it('a new check leaves the last verdict standing until it has one; a new address under the name is unknown', async () => {
    const { clock, answers, runtime, seen } = bench([
      service('web', [server('10.0.0.21:80', [tcpCheck()], 'a')]),
    ])
    answers.set(80, passed('connected'))
    await clock.advance(3_000)
    runtime.configure([service('web', [server('10.0.0.21:80', [tcpCheck(), httpCheck()], 'a')])])
    assert.equal(runtime.status().servers[0]?.health, 'healthy')
    await clock.advance(3_000)
    assert.deepEqual(seen(), ['web/a healthy'])
    runtime.configure([service('web', [server('10.0.0.99:80', [tcpCheck()], 'a')])])
    assert.deepEqual(seen(), ['web/a healthy', 'web/a unknown'])
    runtime.stop()
  })

  it('a check of an unknown or doubtful server runs at its fast interval', async () => {
    const check = tcpCheck({ fastInterval: millis(100) })
    const { clock, answers, runtime, runs, seen } = bench([service('web', [server('10.0.0.21:80', [check])])])
    answers.set(80, passed('connected'))
    const starts = () => runs.splice(0).map(({ startedAt }) => startedAt - 1_000)
    await clock.advance(2_999)
    assert.deepEqual(starts(), [0, 100, 1_000, 2_000])
    answers.set(80, refused)
    await clock.advance(2_000)
    assert.deepEqual(starts(), [3_000, 3_100, 3_200, 4_000])
    assert.deepEqual(seen(), ['web/10.0.0.21:80 healthy', 'web/10.0.0.21:80 unhealthy'])
    answers.set(80, inconclusive('out of descriptors'))
    runtime.configure([service('web', [server('10.0.0.22:80', [check])])])
    await clock.advance(2_000)
    assert.equal(starts().length, 2)
    runtime.stop()
  })

  it('the weight that a server asks for is a fact; what wavers is told now and then', async () => {
    const { clock, answers, runtime, facts, lines } = bench([
      service('web', [server('10.0.0.21:80', [tcpCheck({ interval: millis(200) })])]),
    ])
    const say = (percent: number) => answers.set(80, passed(`up ${percent}%`, { percent }))
    say(75)
    await clock.advance(600)
    const told = () => facts.splice(0).map(({ asked }) => asked?.weight)
    assert.deepEqual(told(), [{ percent: 75 }])
    assert.equal(lines.at(-1), 'web/10.0.0.21:80: weight 75 of 100, tcp 10.0.0.21:80: up 75%')
    for (let i = 0; i < 50; i++) {
      say(71 + (i % 8))
      await clock.advance(200)
    }
    const wavering = told().length
    assert.ok(wavering === 1 || wavering === 2, `${wavering} facts in ten seconds`)
    // A large change is told within a second, to 0 and back at once.
    for (const percent of [20, 0, 40]) {
      say(percent)
      await clock.advance(percent === 20 ? 1_000 : 200)
      assert.deepEqual(told(), [{ percent }])
    }
    answers.set(80, passed('connected'))
    await clock.advance(5_000)
    assert.deepEqual(told(), [undefined])
    assert.equal(lines.at(-1), 'web/10.0.0.21:80: weight 100 of 100, no check asks for another')
    runtime.stop()
  })

  it('a refused connection makes the other checks of the machine look, once, and not those of others', async () => {
    const [slow, other] = [
      tcpCheck({ interval: millis(60_000) }),
      tcpCheck({ interval: millis(60_000), port: 81 as Port }),
    ]
    const { clock, answers, runtime, runs, seen } = bench([
      service('web', [server('10.0.0.21:80', [slow, other]), server('10.0.0.22:82', [slow])]),
      service('api', [server('10.0.0.21:83', [tcpCheck({ interval: millis(500) })])]),
    ])
    for (const open of [80, 81, 82, 83]) answers.set(open, passed('connected'))
    await clock.advance(120_000)
    runs.length = 0
    answers.set(83, refused)
    await clock.advance(501)
    const hastened = () =>
      runs
        .splice(0)
        .map(({ target }) => target)
        .sort()
    assert.deepEqual(hastened(), [80, 81, 83])
    // It fails on: nobody is asked again.
    await clock.advance(2_000)
    assert.deepEqual(hastened(), [83, 83, 83, 83])
    const [checked] = runtime.status().servers
    assert.deepEqual(
      checked?.checks.map(({ health, lastReason }) => [health, lastReason]),
      [
        ['healthy', 'connected'],
        ['healthy', 'connected'],
      ],
    )
    assert.equal(seen().at(-1), 'api/10.0.0.21:83 unhealthy')
    // Any other failure is the check's own.
    answers.set(83, passed('connected'))
    await clock.advance(2_000)
    runs.length = 0
    answers.set(83, failed('status 503'))
    await clock.advance(2_000)
    assert.deepEqual(hastened(), [83, 83, 83, 83])
    runtime.stop()
  })

  it('a silent target fails when its timeout is over', async () => {
    const { clock, runs, runtime } = bench([service('web', [server('10.0.0.21:80', [tcpCheck()])])])
    await clock.advance(399)
    assert.equal(runs[0]?.ended, false)
    await clock.advance(1)
    assert.equal(runs[0]?.ended, true)
    assert.equal(runtime.status().failed, 1)
    runtime.stop()
  })

  it('an answer that waited in the socket during a stall counts, not the late timer', async () => {
    const { clock, runs, runtime } = bench([service('web', [server('10.0.0.21:80', [tcpCheck()])])])
    await clock.advance(100)
    await clock.stall(5_000, () => runs[0]?.answer(passed('connected')))
    assert.equal(runs[0]?.ended, false)
    assert.deepEqual([runtime.status().passed, runtime.status().failed], [1, 0])
    runtime.stop()
  })

  it('a stall is given back to the checks it fell into, and their timeouts still end', async () => {
    const { clock, runs, runtime } = bench([service('web', [server('10.0.0.21:80', [tcpCheck()])])])
    await clock.advance(350)
    await clock.stall(300)
    assert.equal(runs[0]?.ended, false)
    assert.ok(Math.abs(runtime.status().stalled - 300) <= 25, `${runtime.status().stalled}`)
    await clock.advance(20)
    assert.equal(runs[0]?.ended, false)
    await clock.advance(30)
    assert.equal(runs[0]?.ended, true)
    runtime.stop()
  })

  it('a timeout counts from the real start of a late check', async () => {
    const { clock, runs, runtime } = bench([
      service('web', [server('10.0.0.21:80', [tcpCheck()]), server('10.0.0.22:90', [tcpCheck()])]),
    ])
    await clock.advance(10)
    await clock.stall(900)
    const late = runs.find((run) => run.target === 90)
    assert.equal(late?.startedAt, clock.now())
    await clock.advance(399)
    assert.equal(late?.ended, false)
    await clock.advance(1)
    assert.equal(late?.ended, true)
    runtime.stop()
  })

  it('what this machine cannot do counts for no server and is said once', async () => {
    const { clock, answers, runtime, seen, lines } = bench([
      service('web', [server('10.0.0.21:80', [tcpCheck()])]),
    ])
    answers.set(80, passed('connected'))
    await clock.advance(3_000)
    answers.set(80, inconclusive('out of file descriptors in this process (EMFILE)'))
    await clock.advance(5_000)
    assert.deepEqual(seen(), ['web/10.0.0.21:80 healthy'])
    assert.equal(runtime.status().inconclusive, 5)
    assert.deepEqual(lines.slice(1), [
      'tcp 10.0.0.21:80: cannot check from here, counted for no server: out of file descriptors in this process (EMFILE)',
    ])
    runtime.stop()
  })

  it('what this machine cannot do is a warning for as long as it lasts', async () => {
    const { clock, answers, runtime } = bench([service('web', [server('10.0.0.21:80', [tcpCheck()])])])
    answers.set(80, inconclusive('out of file descriptors in this process (EMFILE)'))
    await clock.advance(5_000)
    assert.deepEqual(runtime.status().warnings, [
      '6 checks could not be run from here, as tcp 10.0.0.21:80: out of file descriptors in this process (EMFILE)',
    ])
    answers.set(80, passed('connected'))
    await clock.advance(31_000)
    assert.deepEqual(runtime.status().warnings, [])
    runtime.stop()
  })

  it('says that it does not keep up, once a minute in the log, and takes no server down', async () => {
    const servers = [server('10.0.0.21:80', [tcpCheck()]), server('10.0.0.22:90', [tcpCheck()])]
    const { clock, answers, runtime, lines, seen } = bench([service('web', servers)])
    answers.set(80, passed('connected'))
    answers.set(90, passed('connected'))
    await clock.advance(3_900)
    const told = seen()
    for (let i = 0; i < 30; i++) {
      await clock.stall(900)
      runtime.status()
      await clock.advance(100)
    }
    const late = runtime.status().warnings
    assert.equal(late.length, 1)
    assert.match(
      late[0] ?? '',
      /^this machine does not keep up with its checks: \d+ % came late, intervals are/,
    )
    assert.equal(lines.filter((line) => line.startsWith('this machine')).length, 1)
    assert.deepEqual(seen(), told)
    for (let i = 0; i < 3; i++) {
      await clock.advance(11_000)
      runtime.status()
    }
    assert.deepEqual(runtime.status().warnings, [])
    const { lateness, durations } = runtime.status()
    const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)
    assert.equal(sum(lateness.counts), sum(durations.counts))
    runtime.stop()
  })

  it('a checker that throws is our fault too', async () => {
    const clock = new VirtualClock()
    const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
    const runtime = startHealthcheck(
      {
        clock,
        log: silent,
        random: (length) => new Uint8Array(length),
        runCheck: () => {
          throw new Error('bug')
        },
      },
      () => {},
    )
    runtime.configure([service('web', [server('10.0.0.21:80', [tcpCheck()])])])
    await clock.advance(3_500)
    assert.equal(runtime.status().inconclusive, 4)
    runtime.stop()
  })

  it('what a passing check warns of is in the status while it does, and in the log once', async () => {
    const { clock, answers, runtime, lines } = bench([
      service('web', [server('10.0.0.21:80', [tcpCheck()]), server('10.0.0.22:80', [tcpCheck()])]),
    ])
    const soon = 'certificate expires on 2026-11-29, in 6 days'
    answers.set(80, warned(passed('connected'), soon))
    await clock.advance(5_000)
    assert.deepEqual(runtime.status().warnings, [`${soon}: 10.0.0.21:80, 10.0.0.22:80`])
    assert.equal(lines.filter((line) => line.includes(soon)).length, 1)
    answers.set(80, passed('connected'))
    await clock.advance(5_000)
    assert.deepEqual(runtime.status().warnings, [])
    runtime.stop()
  })

  it('of a warning that is over on every server and comes back says so again, whatever is reloaded', async () => {
    const services = [
      service('web', [server('10.0.0.21:80', [tcpCheck()]), server('10.0.0.22:80', [tcpCheck()])]),
    ]
    const { clock, answers, runtime, lines } = bench(services)
    const soon = 'certificate expires on 2026-11-29, in 6 days'
    const told = () => lines.filter((line) => line.includes(soon)).length
    answers.set(80, warned(passed('connected'), soon))
    await clock.advance(5_000)
    runtime.configure(services)
    await clock.advance(5_000)
    assert.equal(told(), 1)
    answers.set(80, passed('connected'))
    await clock.advance(5_000)
    answers.set(80, warned(passed('connected'), soon))
    await clock.advance(5_000)
    assert.equal(told(), 2)
    runtime.stop()
  })

  it('stop ends every run and every timer and says nothing more', async () => {
    const { clock, runs, runtime, facts } = bench([service('web', [server('10.0.0.21:80', [tcpCheck()])])])
    await clock.advance(100)
    runtime.stop()
    await clock.advance(5_000)
    assert.equal(runs.length, 1)
    assert.equal(runs[0]?.ended, true)
    assert.equal(clock.armed, 0)
    assert.equal(facts.length, 0)
  })

  it('1,000 servers: one timer, no start outside the slots, each judged', async () => {
    const servers = Array.from({ length: 1_000 }, (_, i) =>
      server(`10.0.${i >> 8}.${i & 255}:80`, [tcpCheck()]),
    )
    const { clock, answers, runtime, facts } = bench([service('web', servers)])
    answers.set(80, passed('connected'))
    for (let i = 0; i < 40; i++) {
      await clock.advance(50)
      assert.equal(clock.armed, 1)
    }
    assert.equal(facts.length, 1_000)
    assert.equal(runtime.status().missedSlots, 0)
    // Those that are due within a few milliseconds start together.
    assert.ok(runtime.status().maxLateness <= 4.1, `${runtime.status().maxLateness}`)
    runtime.stop()
  })
})
