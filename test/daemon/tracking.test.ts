/** Whole daemons in network namespaces: what they track decides who is Active, and is said. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPair } from '../platform/namespace.js'
import { until } from './directors.js'
import { RunningDaemon } from './running.js'

/** Not a zombie: whoever inherits orphans here may not wait for them. */
const lives = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))

describe('daemon/tracking', function () {
  this.timeout(90_000)

  let directory = ''
  let network: ReturnType<typeof createPair>
  const daemons: RunningDaemon[] = []
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-tracked-'))
    chmodSync(directory, 0o755)
    network = createPair()
  })
  afterEach(async () => {
    await Promise.all(daemons.splice(0).map((daemon) => daemon.stop()))
    network.close()
    rmSync(directory, { recursive: true })
  })
  const at = (name: string): string => join(directory, name)
  const run = (side: 'left' | 'right', director: string, config: string): RunningDaemon => {
    const daemon = new RunningDaemon(network[side], director, config)
    daemons.push(daemon)
    return daemon
  }

  const trackerOf = async (daemon: RunningDaemon): Promise<number> => {
    const { processes } = await daemon.status()
    return processes.find(({ name }) => name === 'tracker')?.pid ?? 0
  }

  const alone = (track: string): string => `
[[director]]
name = "lb1"
address = "10.9.0.1"
[[virtual_router]]
name = "front"
vrid = 51
addresses = ["10.9.0.100/24"]
transport = "multicast"
advertisement_interval = "50ms"
track = [ ${track} ]
`

  it('a gateway that no longer answers ARP is a fault, and its return ends it', async () => {
    const daemon = run(
      'left',
      'lb1',
      alone('{ gateway = "10.9.0.2", interval = "100ms", rise = 2, fall = 2 }'),
    )
    const before = await daemon.until(({ state }) => state === 'active')
    deepEqual(before.tracking, [
      { name: 'gateway 10.9.0.2', state: 'up', reason: 'answers ARP', weight: null },
    ])
    network.right.ip('addr del 10.9.0.2/24 dev right0')
    const lost = await daemon.until(({ state }) => state === 'fault')
    equal(lost.reason, 'track gateway 10.9.0.2 down: does not answer ARP (2 in a row)')
    match(network.left.ip('addr show dev left0'), /^(?![\s\S]*10\.9\.0\.100)/)
    network.right.ip('addr add 10.9.0.2/24 dev right0')
    await daemon.until(({ state }) => state === 'active')
  })

  it('an IPv6 gateway answers neighbour discovery', async () => {
    network.left.ip('addr add 2001:db8::1/64 dev left0 nodad')
    network.right.ip('addr add 2001:db8::2/64 dev right0 nodad')
    const daemon = run('left', 'lb1', alone('{ gateway = "2001:db8::2", interval = "100ms", weight = -10 }'))
    const up = await daemon.until(({ tracking: [gateway] }) => gateway?.state === 'up')
    equal(up.tracking[0]?.reason, 'answers neighbour discovery')
    network.right.ip('addr del 2001:db8::2/64 dev right0')
    const down = await daemon.until(({ effectivePriority }) => effectivePriority === 140)
    equal(down.priority, 150)
    equal(down.state, 'active')
  })

  it('interfaces, scripts, files and processes weigh, and say why', async () => {
    writeFileSync(at('check'), `#!/bin/sh\ntest -e ${at('good')} || { echo "not good"; exit 3; }\nid -u\n`)
    chmodSync(at('check'), 0o755)
    writeFileSync(at('good'), '')
    const config = alone(`
      { interface = "left1", weight = -1 },
      { script = ["${at('check')}"], interval = "100ms", rise = 1, fall = 1, weight = -2 },
      { file = "${at('weight')}", weight_from_content = true, interval = "100ms" },
      { process = "vipair tracker", name = "tracker", interval = "100ms", rise = 1, fall = 1, weight = 16 }`)
    const daemon = run('left', 'lb1', config)
    const first = await daemon.until(
      ({ effectivePriority, tracking }) =>
        effectivePriority === 150 - 1 + 16 && tracking.every(({ state }) => state !== 'unknown'),
    )
    deepEqual(
      first.tracking.map(({ name, state, weight }) => `${name} ${state} ${weight}`),
      ['interface left1 down -1', 'script check up -2', `file ${at('weight')} down 0`, 'tracker up 16'],
    )
    equal(first.tracking[1]?.reason, 'exit status 0: 65534', 'runs as nobody')
    network.left.ip('link add left1 type veth peer name left2')
    network.left.ip('link set left1 up')
    network.left.ip('link set left2 up')
    await daemon.until(({ effectivePriority }) => effectivePriority === 150 + 16)
    rmSync(at('good'))
    writeFileSync(at('weight'), '-40\n')
    const last = await daemon.until(({ effectivePriority }) => effectivePriority === 150 + 16 - 2 - 40)
    equal(last.tracking[1]?.reason, 'exit status 3: not good')
  })

  it('a script does not outlive a tracker that was killed, nor does what it started', async () => {
    writeFileSync(at('slow'), '#!/bin/sh\nsleep 86399 &\nexec sleep 86399\n')
    chmodSync(at('slow'), 0o755)
    const daemon = run(
      'left',
      'lb1',
      alone(`{ script = ["${at('slow')}"], interval = "10s", timeout = "9s", weight = -1 }`),
    )
    await daemon.until(({ state }) => state === 'active')
    const tracker = await trackerOf(daemon)
    const children = (pid: number): number[] =>
      readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
    const script = await until('the script runs', async () => {
      const [found = 0] = children(tracker)
      return found > 0 && children(found).length === 1 ? [found, ...children(found)] : undefined
    })
    process.kill(tracker, 'SIGKILL')
    await until('the script and what it started are gone', async () =>
      script.some(lives) ? undefined : true,
    )
    await until('another tracker', async () => ((await trackerOf(daemon)) === tracker ? undefined : true))
    await until('its lag is in the status', async () => {
      const { processes } = await daemon.status()
      return processes.every(({ eventLoopLagMs }) => eventLoopLagMs !== null) ? true : undefined
    })
  })

  it('a script that others may write to is refused at the start, with its path', async () => {
    writeFileSync(at('check'), '#!/bin/sh\n')
    chmodSync(at('check'), 0o777)
    const daemon = run('left', 'lb1', alone(`{ script = ["${at('check')}"] }`))
    equal(await daemon.exit, 1)
    match(daemon.output, new RegExp(`script ${at('check')}: mode 0777 lets others write to it`))
  })

  it('the Active that weighs less hands the address over, and the reason names the tracked thing', async () => {
    writeFileSync(at('pair.key'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    writeFileSync(at('wanted'), '')
    const config = `
[[director]]
name = "lb1"
address = "10.9.0.1"
[[director]]
name = "lb2"
address = "10.9.0.2"
[pair]
key_file = "${at('pair.key')}"
[[virtual_router]]
name = "front"
vrid = 51
addresses = ["10.9.0.100/24"]
preempt = "always"
track = [ { file = "${at('wanted')}", interval = "100ms", weight = -60, name = "wanted" } ]
`
    const lb1 = run('left', 'lb1', config)
    await lb1.until(({ state }) => state === 'active')
    const lb2 = run('right', 'lb2', config.replace(/^track.*$/m, ''))
    await lb2.until(({ active }) => active === 'lb1')
    rmSync(at('wanted'))
    const former = await lb1.until(({ state }) => state === 'backup')
    equal(former.reason, 'lb2 advertises priority 100 over 90 (track wanted down)')
    await lb2.until(({ state }) => state === 'active')
    writeFileSync(at('wanted'), '')
    const again = await lb1.until(({ state }) => state === 'active')
    equal(again.reason, 'preempts lb2 (priority 150 over 100)')
  })
})
