/** Two ways between the directors: the LAN, on which clients and gateway are, and a cable of their own. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import type { DirectorStatus } from '../../src/base/status.js'
import { type Director, Pair } from './directors.js'

/** Slower than the election: for a while nothing is known but that advertisements are missing. */
const gateway = 'track = [ { gateway = "10.9.0.1", interval = "200ms", rise = 2, fall = 3 } ]'

const pathsDown = ({ warnings }: DirectorStatus): string[] =>
  warnings.filter((warning) => /^the path to lb\d at \S+ does not work, another one does/.test(warning))

const isWell = ({ warnings, peer }: DirectorStatus): boolean =>
  warnings.length === 0 && peer?.reachable === true && peer.paths.every(({ reachable }) => reachable)

/** A pair with the cable, and the file that knows it. */
function cabledPair(front: string): Pair {
  const pair = new Pair({ front })
  const { lb1, lb2, client } = pair
  // The gateway answers on the LAN only, not on a plug that was pulled out of it.
  client.enter(() => writeFileSync('/proc/sys/net/ipv4/conf/all/arp_ignore', '1'))
  lb1.namespace.ip(`link add eth1 type veth peer name eth1 netns ${lb2.namespace.path}`)
  for (const [director, last] of [
    [lb1, 11],
    [lb2, 12],
  ] as const) {
    director.namespace.ip(`addr add 10.8.0.${last}/24 dev eth1`)
    director.namespace.ip('link set eth1 up')
    const text = readFileSync(director.configFile, 'utf8')
    writeFileSync(
      director.configFile,
      text.replaceAll(/^address = "10\.9\.0\.(\d+)"$/gm, '$&\naddresses = ["10.8.0.$1"]'),
    )
  }
  return pair
}

/** The LAN no longer carries anything of this director's, and its interface does not notice. */
const cutLan = (pair: Pair, { name }: Director): string => pair.client.ip(`link set ${name} nomaster`)
const healLan = (pair: Pair, { name }: Director): string => pair.client.ip(`link set ${name} master br0`)

/** Looks again and again whether both hold the address at one moment. */
function watchOwners({ lb1, lb2 }: Pair): () => number {
  let both = 0
  const has = (director: Director): boolean => director.addresses().length > 0
  // The first is read twice: a move between two readings is no moment of two owners.
  const timer = setInterval(() => {
    if (has(lb1) && has(lb2) && has(lb1)) both++
  }, 20)
  return () => {
    clearInterval(timer)
    return both
  }
}

const rolesOf = ({ lines }: Director): string[] => lines.filter((line) => / vrrp: front: \w+ -> /.test(line))

describe('daemon/paths', function () {
  this.timeout(90_000)

  let pair: Pair
  let owners = (): number => 0
  afterEach(async () => {
    owners()
    await pair.close()
  })

  for (const transport of ['multicast', 'udp']) {
    const start = async (): Promise<Pair> => {
      pair = cabledPair(`transport = "${transport}"\n${gateway}`)
      await pair.start()
      await pair.lb1.untilState('active', isWell)
      await pair.lb2.untilState('backup', isWell)
      return pair
    }

    it(`${transport}: the cable is cut: said by both, no change of role, and over when it is mended`, async () => {
      const { lb1, lb2 } = await start()
      const before = [lb1, lb2].map((one) => rolesOf(one).length)
      lb1.namespace.ip('link set eth1 down')
      const first = await lb1.untilState('active', (status) => pathsDown(status).length > 0)
      const second = await lb2.untilState('backup', (status) => pathsDown(status).length > 0)
      assert.deepEqual(
        [...first.warnings, ...second.warnings],
        [
          'the path to lb2 at 10.8.0.12 does not work, another one does: check its cabling and switch',
          'the path to lb1 at 10.8.0.11 does not work, another one does: check its cabling and switch',
        ],
      )
      lb1.namespace.ip('link set eth1 up')
      await lb1.untilState('active', isWell)
      await lb2.untilState('backup', isWell)
      assert.deepEqual(
        [lb1, lb2].map((one) => rolesOf(one).length),
        before,
      )
    })

    it(`${transport}: the Active loses the LAN: the service goes to the side with the gateway, never two owners`, async () => {
      const { lb1, lb2 } = await start()
      owners = watchOwners(pair)
      cutLan(pair, lb1)
      await lb2.untilState('active')
      const lost = await lb1.untilState('fault')
      assert.match(
        lost.virtualRouters[0]?.reason ?? '',
        /^track gateway 10\.9\.0\.1 down: does not answer ARP/,
      )
      assert.equal(lost.peer?.reachable, true, 'over the cable')
      assert.deepEqual([lb1.addresses(), lb2.addresses()], [[], ['10.9.0.100/24']])
      healLan(pair, lb1)
      await lb1.untilState('active', isWell)
      await lb2.untilState('backup', isWell)
      assert.equal(owners(), 0)
    })

    it(`${transport}: the Backup loses the LAN: it is its own fault, and the Active stays`, async () => {
      const { lb1, lb2 } = await start()
      owners = watchOwners(pair)
      const before = rolesOf(lb1).length
      cutLan(pair, lb2)
      await lb2.untilState('fault')
      await lb1.untilState('active', (status) => pathsDown(status).length > 0)
      healLan(pair, lb2)
      await lb2.untilState('backup', isWell)
      assert.equal(rolesOf(lb1).length, before)
      assert.ok(!rolesOf(lb2).some((line) => /-> Active/.test(line)))
      assert.equal(owners(), 0)
    })

    it(`${transport}: LAN and cable are cut: as good as dead`, async () => {
      const { lb1, lb2 } = await start()
      cutLan(pair, lb1)
      lb1.namespace.ip('link set eth1 down')
      const status = await lb2.untilState('active', ({ peer }) => peer?.reachable === false)
      assert.match(
        status.virtualRouters[0]?.reason ?? '',
        /^active-down timer \((lb1|10\.9\.0\.11) silent for \d+ ms\)$/,
      )
      await lb1.untilState('fault')
    })
  }

  it('without a tracked gateway nobody knows whose link it is: the Active stays, and both say so', async () => {
    pair = cabledPair('transport = "multicast"')
    const { lb1, lb2 } = pair
    await pair.start()
    owners = watchOwners(pair)
    cutLan(pair, lb1)
    const status = await lb2.untilState('backup', ({ warnings }) =>
      warnings.some((warning) =>
        /front: lb1 is alive and Active, but its advertisements do not arrive/.test(warning),
      ),
    )
    assert.equal(pathsDown(status).length <= 1, true)
    await lb1.untilState('active', (seen) => pathsDown(seen).length === 1)
    healLan(pair, lb1)
    await lb2.untilState('backup', isWell)
    assert.equal(owners(), 0)
    assert.ok(!rolesOf(lb2).some((line) => /-> Active/.test(line)))
  })
})
