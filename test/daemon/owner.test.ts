/** The address owner (RFC 9568 section 1.7) and its stand-in, on real directors. */
import assert from 'node:assert/strict'
import { processTree } from '../../lab/process-tree.js'
import { type Director, Pair, until } from './directors.js'

/** The machine stops: its cable first, so that it cannot say a word, then every process. */
async function powerOff(director: Director): Promise<void> {
  director.namespace.ip('link set eth0 down')
  for (const pid of processTree(director.pid)) process.kill(pid, 'SIGKILL')
  await director.end('SIGKILL')
}

const addressOf = ({ namespace }: Director, address: string): string =>
  namespace.ip(`-o -4 addr show dev eth0 to ${address}`)
const ownedForGood = (director: Director, address: string): void =>
  assert.match(addressOf(director, address), /valid_lft forever/)
const leased = (director: Director, address: string): void =>
  assert.match(addressOf(director, address), /valid_lft \dsec/)

describe('daemon/owner', function () {
  this.timeout(90_000)

  let pair: Pair

  afterEach(async () => pair.close())

  for (const [title, address, front] of [
    ['udp, another address of the interface', '10.9.0.100', 'priority = { lb1 = 255 }'],
    [
      'multicast, the only address of the machine',
      '10.9.0.11',
      'transport = "multicast"\naddresses = ["10.9.0.11/24"]',
    ],
  ] as const) {
    it(`${title}: has it for good; the other one stands in for it and gives it back`, async () => {
      pair = new Pair({ front: `${front}\npreempt = "never"` })
      const { lb1, lb2 } = pair
      if (address === '10.9.0.100') lb1.namespace.ip('addr add 10.9.0.100/24 dev eth0')
      lb2.start()
      await lb2.untilState('active')
      leased(lb2, address)
      lb1.start()
      const status = await lb1.untilState('active')
      assert.equal(status.virtualRouters[0]?.reason, 'started, owns the addresses (priority 255)')
      assert.equal(status.virtualRouters[0]?.effectivePriority, 255)
      await lb2.untilState('backup')
      assert.equal(addressOf(lb2, address), '')
      ownedForGood(lb1, address)
      await powerOff(lb1)
      await lb2.untilState('active')
      leased(lb2, address)
      lb1.namespace.ip('link set eth0 up')
      lb1.start()
      await lb1.untilState('active')
      await lb2.untilState('backup')
      assert.equal(addressOf(lb2, address), '')
      ownedForGood(lb1, address)
      const refused = await lb1.command('handover', '--force')
      assert.equal(refused.status, 1)
      assert.equal(await lb1.end('SIGTERM'), 0)
      ownedForGood(lb1, address)
      assert.equal((await lb1.command('release')).out, 'no virtual address is on this machine\n')
      ownedForGood(lb1, address)
      await until('lb2 stands in', async () => (addressOf(lb2, address) === '' ? undefined : true))
    })
  }
})
