import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { frontAddress, ports, serverNames, virtualAddress } from '../addresses.js'
import { Director } from '../director.js'
import type { FlowsState } from '../flows.js'
import type { Lab } from '../lab.js'
import { built } from '../paths.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

const webPort = 7080
const check = `{ type = "http", path = "/healthz", port = ${ports.http}, interval = "200ms", rise = 1, fall = 2 }`
const udpTimeout = 6
/** Long enough for ten steps to be seen, in seconds. */
const slowStart = 10

/** Sessions, a UDP flow, and a service whose clients persist; each with its own way to drain. */
function file(base: string, echoServers: readonly string[]): string {
  const [head = ''] = base.split('[[virtual_service]]')
  const service = (
    name: string,
    protocol: string,
    port: number,
    servers: readonly string[],
    more: string,
  ) => `
[[virtual_service]]
name = "${name}"
address = "${virtualAddress}:${port}"
protocol = "${protocol}"
scheduler = "wrr"
check = ${check}
${more}
real_servers = [
${servers.map((server) => `  { name = "${server}", address = "${frontAddress(server as 'rs1')}:${port}" },`).join('\n')}
]
`
  return (
    // A closed connection is over soon: the director sees one direction only, and waits for no answer.
    `${head}\n[ipvs]\ntimeouts = { tcp_fin = "1s" }\n` +
    service('echo', 'tcp', ports.echo, echoServers, 'drain_timeout = "10m"') +
    service('echo-udp', 'udp', ports.echo, serverNames, `drain_timeout = "${udpTimeout}s"`) +
    service('sticky', 'tcp', webPort, serverNames, `persistence = "5m"\nslow_start = "${slowStart}s"`)
  )
}

class Flows {
  private readonly answers: string[] = []
  private readonly process

  constructor(lab: Lab) {
    this.process = lab.topology.spawn('client', 'flows', [process.execPath, built('lab/flows')], {
      onLine: (line) => this.answers.push(line),
    })
  }

  private answer(): Promise<string> {
    return until('the client answers', 30000, () => this.answers.shift())
  }

  async ready(): Promise<void> {
    assert.equal(await this.answer(), 'ready')
  }

  async do(...words: readonly (string | number)[]): Promise<unknown> {
    this.process.say(JSON.stringify(words))
    return JSON.parse(await this.answer())
  }

  async state(): Promise<FlowsState> {
    return (await this.do('state')) as FlowsState
  }

  /** Waits from now on for so many answers of a kind, and answers whose they were. */
  async gather(kind: 'echoed' | 'udp', least: number): Promise<Readonly<Record<string, number>>> {
    const seen: Record<string, number> = {}
    await this.state()
    return until(`${least} more are answered`, 30000, async () => {
      for (const [name, count] of Object.entries((await this.state())[kind]))
        seen[name] = (seen[name] ?? 0) + count
      return Object.values(seen).reduce((sum, count) => sum + count, 0) >= least ? seen : undefined
    })
  }
}

async function run(lab: Lab): Promise<void> {
  const servers = await lab.servers()
  for (const name of serverNames) {
    const place = `${virtualAddress}/${webPort}`
    const sticky = lab.topology.spawn(name, 'sticky', [process.execPath, built('lab/vip-echo'), name, place])
    assert.ok(sticky.running)
  }
  const lb1 = new Director(lab, 'lb1')
  const base = readFileSync(lb1.configFile, 'utf8')
  writeFileSync(lb1.configFile, file(base, serverNames))
  lb1.start()
  await lb1.untilState('active', 30000)
  await lb1.untilHealthy(30000)
  const vipair = (...words: string[]) => lab.topology.run('lb1', lb1.command(...words))
  const server = async (service: string, name: string) => {
    const status = await lb1.until('answers', 5000, () => true)
    const found = status.virtualServices
      .find((one) => one.name === service)
      ?.realServers.find((one) => one.name === name)
    assert.ok(found)
    return found
  }
  const weightOf = async (port: number, protocol: string, name: string): Promise<number | undefined> => {
    const place = `${protocol} ${virtualAddress}:${port} -r ${frontAddress(name as 'rs1')}:${port} `
    const line = (await lb1.ipvsTable()).split('\n').find((one) => one.includes(place))
    return line === undefined ? undefined : Number(/-w (\d+)/.exec(line)?.[1])
  }
  const flows = new Flows(lab)
  await flows.ready()

  // A reload without rs2: its sessions go on, new ones go elsewhere, and it leaves when they have ended.
  await flows.do('open', virtualAddress, ports.echo, 9)
  assert.deepEqual((await flows.state()).sessions, { rs1: 3, rs2: 3, rs3: 3 })
  writeFileSync(lb1.configFile, file(base, ['rs1', 'rs3']))
  const plan = await vipair('plan')
  assert.match(plan, /10\.0\.0\.22:7000: weight 100 -> 0, drains up to 600 s/)
  await vipair('reload')
  await until('rs2 is quiesced', 10000, async () =>
    (await weightOf(ports.echo, '-t', 'rs2')) === 0 ? true : undefined,
  )
  const drain = await lb1.until('shows the drain', 10000, ({ virtualServices }) =>
    virtualServices.some(({ draining }) => draining.some(({ activeConnections }) => activeConnections === 3)),
  )
  lab.record('draining', JSON.stringify(drain.virtualServices.flatMap(({ draining }) => draining)))
  await flows.do('open', virtualAddress, ports.echo, 6)
  const echoed = await flows.gather('echoed', 100)
  assert.ok((echoed.rs2 ?? 0) > 5, `the sessions on rs2 go on: ${JSON.stringify(echoed)}`)
  const during = await flows.state()
  assert.deepEqual([during.sessions, during.lost], [{ rs1: 6, rs2: 3, rs3: 6 }, 0])
  await flows.do('close', 'rs2')
  const closed = performance.now()
  await until('rs2 has left', 30000, async () =>
    (await weightOf(ports.echo, '-t', 'rs2')) === undefined ? true : undefined,
  )
  lab.record('left after its last session ended', `${Math.round(performance.now() - closed)} ms of 10 min`)
  assert.deepEqual((await flows.state()).lost, 0)

  // A UDP flow never ends by itself: the deadline ends it, and it goes on elsewhere.
  await flows.do('udp', virtualAddress, ports.echo)
  const answering = await until(
    'the flow is answered',
    10000,
    async () => Object.keys((await flows.state()).udp)[0],
  )
  const begun = performance.now()
  await vipair('server', 'echo-udp', answering, 'drain', '--reason', 'kernel upgrade')
  const draining = await server('echo-udp', answering)
  assert.deepEqual([draining.admin, draining.adminReason], ['drain', 'kernel upgrade'])
  await until('the flow is answered by another', 30000, async () =>
    Object.keys((await flows.state()).udp).some((name) => name !== answering) ? true : undefined,
  )
  const moved = performance.now() - begun
  lab.record('UDP flow moved after', `${Math.round(moved)} ms (drain_timeout ${udpTimeout} s)`)
  assert.ok(moved >= udpTimeout * 1000 - 500, `moved after ${moved} ms`)
  // What was on the way comes first.
  await flows.gather('udp', 5)
  assert.equal((await flows.gather('udp', 20))[answering], undefined)

  // A persistent client leaves a server that is quiesced, by a word or because it is down.
  const ask = () => flows.do('ask', virtualAddress, webPort)
  const home = String(await ask())
  for (let i = 0; i < 5; i++) assert.equal(await ask(), home)
  await vipair('server', 'sticky', home, 'quiesce')
  await until('it is quiesced', 10000, async () =>
    (await weightOf(webPort, '-t', home)) === 0 ? true : undefined,
  )
  const second = String(await ask())
  assert.notEqual(second, home)
  for (let i = 0; i < 5; i++) assert.equal(await ask(), second)
  servers[second as 'rs1'].signal('SIGUSR2')
  await until('it is down', 30000, async () =>
    (await weightOf(webPort, '-t', second)) === 0 ? true : undefined,
  )
  const third = String(await ask())
  assert.ok(third !== second && third !== home, `${third} after ${second} and ${home}`)

  // It comes back slowly.
  servers[second as 'rs1'].signal('SIGUSR2')
  const weights: number[] = []
  await until('it has all of its weight', 60000, async () => {
    const weight = await weightOf(webPort, '-t', second)
    if (weight !== undefined && weight !== weights.at(-1)) weights.push(weight)
    return weight === 100 ? true : undefined
  })
  lab.record('slow start', weights.join(', '))
  const risen = weights.filter((weight) => weight > 0)
  assert.ok(risen.length >= 5 && (risen[0] ?? 100) <= 37, `weights ${weights}`)
  assert.deepEqual(
    risen,
    [...risen].sort((a, b) => a - b),
  )

  // What an operator said stands, over a reload and a restart.
  await vipair('server', 'sticky', third, 'weight', '7')
  writeFileSync(lb1.configFile, file(base, serverNames))
  await vipair('reload')
  await lb1.process.stop()
  lb1.start()
  await lb1.untilState('active', 30000)
  await lb1.untilHealthy(30000)
  const words = await Promise.all([
    server('sticky', home),
    server('sticky', third),
    server('echo-udp', answering),
  ])
  assert.deepEqual(
    words.map(({ admin, effectiveWeight }) => [admin, effectiveWeight]),
    [
      ['quiesce', 0],
      ['weight', 7],
      ['drain', null],
    ],
  )
  await vipair('server', 'echo-udp', answering, 'enable')
  await vipair('server', 'sticky', third, 'enable')
  await until('both are back', 10000, async () => {
    const back = [await weightOf(ports.echo, '-u', answering), await weightOf(webPort, '-t', third)]
    return back.every((weight) => weight === 100) ? true : undefined
  })
  await assert.rejects(vipair('server', 'sticky', 'rs9', 'drain'), /has no server rs9/)
  assert.equal((await flows.state()).lost, 0)

  // The counters are those of the kernel.
  const counted = await until('the counters rise', 30000, async () => {
    const text = await metrics(lb1.runtimeFolder)
    const line = /^vipair_real_server_packets_total\{service="echo",server="rs1",direction="in"\} (\d+)$/m
    return Number(line.exec(text)?.[1] ?? 0) > 100 ? text : undefined
  })
  lab.record(
    'metrics',
    counted.split('\n').find((line) => line.includes('_bytes_total{service="echo"')) ?? '',
  )
}

function metrics(runtimeFolder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: `${runtimeFolder}/control.sock`, path: '/metrics' }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    asked.on('error', reject)
    asked.end()
  })
}

export const draining: Scenario = {
  name: 'draining',
  summary: 'servers leave without a lost session, come back slowly, and stay as the operator said',
  forwarding: 'direct',
  run,
}
