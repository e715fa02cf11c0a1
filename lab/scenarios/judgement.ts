import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import type { DirectorStatus } from '../../src/base/status.js'
import { frontAddress, ports, type ServerName, serverNames, virtualAddress } from '../addresses.js'
import { command } from '../control.js'
import { Director } from '../director.js'
import { recordWindow } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Load } from '../load/load.js'
import type { WindowReport } from '../load/report.js'
import { pairConfig } from '../pair-config.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

/** Long between the runs, so that `fast_interval` is what decides. */
const check = (more = '') =>
  `{ type = "http", path = "/healthz", port = ${ports.http}, interval = "1s", fast_interval = "100ms", timeout = "1s"${more} }`

const service = (name: string, protocol: string, port: number, servers: readonly string[], more: string) => `
[[virtual_service]]
name = "${name}"
address = "${virtualAddress}:${port}"
protocol = "${protocol}"
scheduler = "wrr"
${more}
real_servers = [
${servers.map((one) => `  { name = "${one}", address = "${frontAddress(one as ServerName)}:${port}" },`).join('\n')}
]
`

/** Beside the service that is judged, one for the sessions and one for UDP: these are left in peace. */
const services = (web: readonly ServerName[], more: string): string =>
  service('web', 'tcp', ports.http, web, more) +
  service('echo', 'tcp', ports.echo, serverNames, 'check = { type = "none" }') +
  service('echo-udp', 'udp', ports.echo, serverNames, 'check = { type = "none" }')

const agentPort = 9000
/** Says on each connection what it was told last. */
const agentProgram = `
  let line = 'up 100%'
  process.stdin.on('data', (text) => { line = String(text).trim() })
  require('node:net').createServer((socket) => socket.on('error', () => {}).end(line + '\\n')).listen(${agentPort})
`

type Weights = Readonly<Record<string, number>>

class Judged {
  constructor(
    private readonly lab: Lab,
    readonly director: Director,
    private readonly load: Load,
  ) {}

  reload(web: readonly ServerName[], more: string): Promise<void> {
    return this.write(services(web, more))
  }

  async write(tables: string): Promise<void> {
    const { director, lab } = this
    const options = { services: tables }
    writeFileSync(
      director.configFile,
      pairConfig(lab.forwarding, director.configFile.replace(/toml$/, 'key'), options),
    )
    await command(director.runtimeFolder, '/v1/reload')
  }

  /** Of the service `web`, by server. */
  async weights(): Promise<Weights> {
    const table = await this.director.ipvsTable()
    const found = serverNames.map((name): readonly [string, number | undefined] => {
      const place = `-t ${virtualAddress}:${ports.http} -r ${frontAddress(name)}:${ports.http} `
      const line = table.split('\n').find((one) => one.includes(place))
      return [name, line === undefined ? undefined : Number(/-w (\d+)/.exec(line)?.[1])]
    })
    return Object.fromEntries(
      found.flatMap(([name, weight]) => (weight === undefined ? [] : [[name, weight]])),
    )
  }

  /** Waits for these weights and answers how long it took, in ms. */
  async until(what: string, wanted: Weights): Promise<number> {
    const begun = performance.now()
    let seen: Weights = {}
    await until(
      what,
      30000,
      async () => {
        seen = await this.weights()
        return JSON.stringify(seen) === JSON.stringify(wanted) ? true : undefined
      },
      () => seen,
    )
    return Math.round(performance.now() - begun)
  }

  /** Requests from now on: who answers them, and that none is lost. */
  async watch(name: string, answering: readonly ServerName[], lost = 0): Promise<WindowReport> {
    this.load.mark(name)
    await this.load.until(`${name}: 100 are answered`, 20000, ({ tcp }) => tcp.answered >= 100)
    const window = await this.load.close()
    recordWindow(this.lab, window)
    assert.ok(window.tcp.lost <= lost, `${name}: ${window.tcp.lost} requests lost`)
    assert.equal(window.sessions.ended, 0)
    assert.deepEqual(Object.keys(window.tcp.perServer).sort(), answering)
    return window
  }
}

async function run(lab: Lab): Promise<void> {
  const servers = await lab.servers()
  const toggle = (name: ServerName) => servers[name].signal('SIGUSR2')
  const sorry = `sorry_server = "${frontAddress('rs3')}:${ports.http}"`
  const quorum = `quorum = 200\n${sorry}\ncheck = ${check()}`
  const lb1 = new Director(lab, 'lb1', { services: services(['rs1', 'rs2'], quorum) })
  lb1.start()
  await lb1.untilState('active', 30000)
  await lb1.untilHealthy(30000)
  // A busy machine may answer late, which is no loss.
  const load = lab.load({ sessions: 12, timeLimit: 3000 })
  await load.ready()
  const judged = new Judged(lab, lb1, load)
  const web = async () => {
    const { virtualServices, warnings, processes } = await lb1.until('answers', 5000, () => true)
    const [found] = virtualServices
    assert.ok(found)
    return { ...found, warnings, processes }
  }
  assert.deepEqual(await judged.weights(), { rs1: 100, rs2: 100 })
  await judged.watch('both', ['rs1', 'rs2'])

  lab.say('below the quorum the sorry server stands in for all')
  load.mark('lost')
  toggle('rs1')
  const lost = await judged.until('the sorry server stands in', { rs1: 0, rs2: 0, rs3: 1 })
  assert.equal((await load.close()).tcp.lost, 0)
  lab.record('sorry server in after', `${lost} ms (interval 1 s, fast_interval 100 ms, fall 3)`)
  await judged.watch('sorry', ['rs3'])
  const down = await lb1.until('tells the quorum', 10000, ({ virtualServices }) =>
    virtualServices.some(({ name, quorum: one }) => name === 'web' && one?.reached === false),
  )
  assert.deepEqual(down.virtualServices[0]?.quorum?.have, 100)
  assert.ok(
    down.warnings.some((line) => line.startsWith('web: no quorum: ')),
    down.warnings.join('\n'),
  )

  lab.say('a checker that dies changes no weight')
  const checker = (await web()).processes.find(({ name }) => name.startsWith('healthcheck'))
  assert.ok(checker?.pid)
  process.kill(checker.pid, 'SIGKILL')
  await lb1.until('checks again', 30000, ({ processes, virtualServices }) => {
    const again = processes.find(({ name }) => name === checker.name)
    const checks = virtualServices[0]?.realServers.flatMap((server) => server.checks) ?? []
    const judgedAnew = checks.length > 0 && checks.every(({ health }) => health !== 'unknown')
    return (again?.restarts ?? 0) > 0 && judgedAnew
  })
  assert.deepEqual(await judged.weights(), { rs1: 0, rs2: 0, rs3: 1 })

  load.mark('reached')
  toggle('rs1')
  await judged.until('the quorum is reached', { rs1: 100, rs2: 100 })
  const back = await load.close()
  lab.record('requests lost at the return', `${back.tcp.lost} of ${back.tcp.sent}`)
  assert.equal(back.tcp.lost, 0)
  await judged.watch('again', ['rs1', 'rs2'])

  lab.say('too many fail at once: they are served on')
  await judged.reload(serverNames, `panic_threshold = 0.5\ncheck = ${check()}`)
  await lb1.untilHealthy(30000)
  await judged.until('all serve', { rs1: 100, rs2: 100, rs3: 100 })
  load.mark('panic')
  toggle('rs1')
  toggle('rs2')
  const panic = await lb1.until('panics', 30000, ({ virtualServices }) => virtualServices[0]?.panic !== null)
  assert.deepEqual([...(panic.virtualServices[0]?.panic?.suspects ?? [])].sort(), ['rs1', 'rs2'])
  await judged.until('all serve on', { rs1: 100, rs2: 100, rs3: 100 })
  assert.equal((await load.close()).tcp.lost, 0)
  const { warnings, realServers } = await web()
  lab.record('warning', warnings.find((line) => line.includes('PANIC')) ?? '')
  assert.deepEqual(
    realServers.map(({ health, suspect }) => [health, suspect]),
    [
      ['unhealthy', true],
      ['unhealthy', true],
      ['healthy', false],
    ],
  )
  await judged.watch('suspects', serverNames)
  toggle('rs1')
  await judged.until('who is still down is believed', { rs1: 100, rs2: 0, rs3: 100 })
  await judged.watch('over', ['rs1', 'rs3'])
  toggle('rs2')
  await judged.until('all are back', { rs1: 100, rs2: 100, rs3: 100 })

  lab.say('an agent asks for a weight, and wavers')
  const agent = lab.topology.spawn('rs1', 'agent', [process.execPath, '-e', agentProgram])
  const asks = `check = [${check()}, { type = "agent", port = ${agentPort}, interval = "200ms", rise = 1 }]`
  const tables = services(serverNames, `check = ${check()}`)
  await judged.write(tables.replace('{ name = "rs1",', `{ name = "rs1", ${asks},`))
  agent.say('up 30%')
  await judged.until('it has the weight it asks for', { rs1: 30, rs2: 100, rs3: 100 })
  const { asked } = (await web()).realServers[0] ?? {}
  assert.deepEqual(
    [asked?.weight, asked?.by],
    [30, `agent ${frontAddress('rs1')}:${agentPort}: says "up 30%"`],
  )
  await judged.watch('asked', serverNames)
  agent.say('drain')
  await judged.until('it asks for nothing', { rs1: 0, rs2: 100, rs3: 100 })
  await judged.watch('drained', ['rs2', 'rs3'])
  agent.say('ready')
  await judged.until('it has all of its weight', { rs1: 100, rs2: 100, rs3: 100 })

  lab.say('one that comes and goes is held down')
  const first = (status: DirectorStatus) => status.virtualServices[0]?.realServers[0]
  for (let i = 0; i < 4 && (await web()).realServers[0]?.heldSeconds === null; i++) {
    for (const health of ['unhealthy', 'healthy'] as const) {
      toggle('rs1')
      await lb1.until(`finds rs1 ${health}`, 30000, (status) => first(status)?.health === health)
    }
  }
  await lb1.until('holds rs1 down', 10000, (status) => first(status)?.heldSeconds != null)
  assert.deepEqual(await judged.weights(), { rs1: 0, rs2: 100, rs3: 100 })
  await judged.watch('held', ['rs2', 'rs3'])

  const shown = await lab.topology.run('lb1', lb1.command('status'))
  assert.match(shown, /held down for changing too often/)
}

export const judgement: Scenario = {
  name: 'judgement',
  summary:
    'quorum, sorry server, panic, an agent and a flapping server: weights follow and no request is lost',
  forwarding: 'direct',
  run,
}
