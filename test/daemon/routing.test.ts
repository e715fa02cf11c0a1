/** Routes and rules of real directors: with the role, with a reload, and after deaths. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { processTree } from '../../lab/process-tree.js'
import { type Director, Pair, until } from './directors.js'

const held = `routes = [
  { to = "default", via = "10.9.0.1", source = "10.9.0.100", metric = 50 },
  { to = "10.60.0.0/16", via = "10.9.0.1", table = 100 },
]
rules = [{ from = "10.9.0.100", table = 100, priority = 1000 }]`

/** One line each, as ip(8) shows them. */
const routesOf = ({ namespace }: Director): string[] =>
  linesOf(namespace.ip('-4 route show table all proto 118'))
const rulesOf = ({ namespace }: Director): string[] =>
  linesOf(namespace.ip('-4 rule show')).filter((line) => line.endsWith('proto 118'))
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')

const allRoutes = [
  '10.60.0.0/16 via 10.9.0.1 dev eth0 table 100',
  'default via 10.9.0.1 dev eth0 src 10.9.0.100 metric 50',
]
const allRules = ['1000: from 10.9.0.100 lookup 100 proto 118']

const hasAll = (director: Director): void => {
  assert.deepEqual(routesOf(director).sort(), allRoutes)
  assert.deepEqual(rulesOf(director), allRules)
}
const hasNothing = (director: Director): void =>
  assert.deepEqual([routesOf(director), rulesOf(director), director.addresses()], [[], [], []])

/** The whole director at once, as when its machine stops; the parent first, so that it starts none again. */
async function killAll(director: Director): Promise<void> {
  const pids = processTree(director.pid)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await director.end('SIGKILL')
  await until('they are gone', async () =>
    pids.some((pid) => existsSync(`/proc/${pid}`)) ? undefined : true,
  )
}

/** Every change of marked routes and rules from now on; the function that is answered ends it. */
async function watchRoutes({ namespace }: Director): Promise<() => Promise<string[]>> {
  const monitor = namespace.enter(() =>
    spawn('ip', ['-4', 'monitor', 'route', 'rule', 'address'], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  let text = ''
  monitor.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  // The monitor does not say when it begins: a change of our own is seen once it has, and ends it as well.
  const mark = (address: string) =>
    until('the monitor sees a mark', async () => {
      namespace.ip(`route replace blackhole ${address}`)
      return text.includes(address) ? true : undefined
    })
  await mark('192.0.2.1')
  return async () => {
    await mark('192.0.2.2')
    const ended = once(monitor, 'exit')
    monitor.kill()
    await ended
    return linesOf(text).filter((line) => line.endsWith('proto 118') || /^Deleted \d+: eth0 inet /.test(line))
  }
}

describe('daemon/routing', function () {
  this.timeout(90_000)

  let pair: Pair

  beforeEach(() => {
    pair = new Pair({ front: held })
    for (const { namespace } of [pair.lb1, pair.lb2]) {
      namespace.ip('route add default via 10.9.0.9 metric 60')
      namespace.ip('rule add from 10.9.0.100 table 200 priority 999')
    }
  })

  afterEach(async () => {
    const foreign = [pair.lb1, pair.lb2].map(({ namespace }) => [
      namespace.ip('route show default metric 60').trim(),
      linesOf(namespace.ip('rule show')).filter((line) => line.startsWith('999:')),
    ])
    await pair.close()
    const one = ['default via 10.9.0.9 dev eth0', ['999: from 10.9.0.100 lookup 200']]
    assert.deepEqual(foreign, [one, one])
  })

  it('move with the role, there, back and at an orderly leave', async () => {
    const { lb1, lb2 } = pair
    await pair.start()
    hasAll(lb1)
    hasNothing(lb2)
    assert.equal((await lb1.command('handover', '--force')).status, 0)
    await lb2.untilState('active')
    await lb1.untilState('backup')
    hasAll(lb2)
    hasNothing(lb1)
    assert.equal((await lb2.command('handover', '--force')).status, 0)
    await lb1.untilState('active')
    await lb2.untilState('backup')
    hasAll(lb1)
    hasNothing(lb2)
    assert.equal(await lb1.end('SIGTERM'), 0)
    await lb2.untilState('active')
    hasNothing(lb1)
    hasAll(lb2)
  })

  it('a reload adds and removes the difference, and touches nothing else', async () => {
    const { lb1 } = pair
    await pair.start()
    const monitor = await watchRoutes(lb1)
    pair.write({ front: held.replace('10.60.0.0/16', '10.70.0.0/16') })
    const answer = await lb1.command('reload')
    assert.equal(answer.status, 0, answer.error)
    await until('the new route is there', async () =>
      routesOf(lb1).some((line) => line.startsWith('10.70.0.0/16')) ? true : undefined,
    )
    assert.deepEqual(rulesOf(lb1), allRules)
    const told = await monitor()
    assert.deepEqual(told, [
      'Deleted 10.60.0.0/16 via 10.9.0.1 dev eth0 table 100 proto 118',
      '10.70.0.0/16 via 10.9.0.1 dev eth0 table 100 proto 118',
    ])
    pair.write({})
    assert.equal((await lb1.command('reload')).status, 0)
    await until('they are gone', async () => (routesOf(lb1).length === 0 ? true : undefined))
    assert.deepEqual([rulesOf(lb1), lb1.addresses()], [[], ['10.9.0.100/24']])
  })

  it('a vrrp process that is killed leaves them to its successor, and nothing is added or removed', async () => {
    const { lb1, lb2 } = pair
    lb1.start()
    await lb1.untilState('active')
    const pid = await lb1.pidOf('vrrp')
    const monitor = await watchRoutes(lb1)
    process.kill(pid, 'SIGKILL')
    await lb1.untilState(
      'active',
      ({ processes, virtualRouters }) =>
        processes.some((one) => one.name === 'vrrp' && one.pid !== pid && one.pid !== null) &&
        virtualRouters[0]?.reason.startsWith('takes up the addresses') === true,
    )
    hasAll(lb1)
    assert.deepEqual(await monitor(), [])
    assert.deepEqual(routesOf(lb2), [])
  })

  it('all processes killed: what the lease does not take, `vipair release` does', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    await killAll(lb1)
    await until('the lease is over', async () => (lb1.addresses().length === 0 ? true : undefined))
    // The kernel takes an IPv4 route with its source address, and knows of no other bond.
    assert.deepEqual([routesOf(lb1), rulesOf(lb1)], [[allRoutes[0]], allRules])
    const { status, out } = await lb1.command('release')
    assert.equal(status, 0)
    assert.deepEqual(out.trim().split('\n'), [
      'released rule 1000 to table 100',
      'released route 10.60.0.0/16 of table 100',
    ])
    hasNothing(lb1)
  })

  it('all processes killed: a start within the lease keeps address, routes and rules without a gap', async () => {
    const { lb1 } = pair
    pair.write({ front: `${held}\nlease = "1m"` })
    lb1.start()
    await lb1.untilState('active')
    const monitor = await watchRoutes(lb1)
    await killAll(lb1)
    lb1.start()
    const status = await lb1.untilState('active')
    assert.match(status.virtualRouters[0]?.reason ?? '', /^takes up the addresses of its predecessor/)
    hasAll(lb1)
    assert.deepEqual(await monitor(), [])
    assert.deepEqual(lb1.addresses(), ['10.9.0.100/24'])
  })

  it('all processes killed: the next start removes what its file no longer has', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    await killAll(lb1)
    pair.write({
      front: held.replace('10.60.0.0/16', '10.70.0.0/16').replace('priority = 1000', 'priority = 900'),
    })
    lb1.start()
    await lb1.untilState('active')
    assert.deepEqual(rulesOf(lb1), ['900: from 10.9.0.100 lookup 100 proto 118'])
    assert.deepEqual(routesOf(lb1).sort(), ['10.70.0.0/16 via 10.9.0.1 dev eth0 table 100', allRoutes[1]])
    assert.ok(lb1.lines.some((line) => line.includes('removed route 10.60.0.0/16 of table 100')))
  })
})

describe('daemon/routing, IPv6 and labels', function () {
  this.timeout(90_000)

  it('moves them as well, leased like the address', async () => {
    const pair = new Pair({
      front: `addresses = ["2001:db8::100/64"]
routes = [{ to = "default", via = "2001:db8::1", source = "2001:db8::100", metric = 50 }]
rules = [{ fwmark = "0x10/0xf0", table = 100, priority = 1000 }]`,
      more: `[[virtual_router]]
name = "back"
vrid = 52
addresses = [{ address = "10.9.0.200/32", label = "eth0:vip", scope = "link" }]`,
    })
    try {
      const { lb1, lb2 } = pair
      const shown = ({ namespace }: Director): string[] => [
        ...linesOf(namespace.ip('-6 route show proto 118')).map((line) => line.replace(/\dsec/, 'Nsec')),
        ...linesOf(namespace.ip('-6 rule show')).filter((line) => line.endsWith('proto 118')),
        ...linesOf(namespace.ip('-o -4 addr show label eth0:vip')).map((line) =>
          line.replace(/.*inet|\\.*/g, ''),
        ),
      ]
      const all = [
        'default via 2001:db8::1 dev eth0 src 2001:db8::100 metric 50 expires Nsec pref medium',
        '1000: from all fwmark 0x10/0xf0 lookup 100 proto 118',
        ' 10.9.0.200/32 scope link dynamic eth0:vip',
      ]
      await pair.start()
      assert.deepEqual([shown(lb1), shown(lb2)], [all, []])
      for (const one of ['front', 'back'])
        assert.equal((await lb1.command('handover', one, '--force')).status, 0)
      await lb2.untilState('active')
      await lb1.untilState('backup')
      assert.deepEqual([shown(lb1), shown(lb2)], [[], all])
    } finally {
      await pair.close()
    }
  })
})
