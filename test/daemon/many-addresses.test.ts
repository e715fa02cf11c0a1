/** As many addresses as a virtual router may have. */
import { deepEqual, equal } from 'node:assert/strict'
import { type Director, Pair, until } from './directors.js'

const list = {
  IPv4: Array.from({ length: 255 }, (_, i) => `10.8.1.${i}/23`),
  IPv6: Array.from({ length: 255 }, (_, i) => `fd00:9::1:${(i + 1).toString(16)}/64`),
} as const

const held = ({ namespace }: Director): number =>
  [...namespace.ip('-o addr show dev eth0').matchAll(/inet6? (fd00:9::1:|10\.8\.)/g)].length

describe('daemon/many addresses', function () {
  this.timeout(90_000)

  for (const [family, transport] of [
    ['IPv4', 'udp'],
    ['IPv6', 'udp'],
    ['IPv4', 'multicast'],
  ] as const)
    it(`255 of ${family} over ${transport}: both agree on them, and they fail over`, async () => {
      const addresses = JSON.stringify(list[family])
      const pair = new Pair({ front: `transport = "${transport}"\naddresses = ${addresses}` })
      try {
        await pair.start()
        const { lb1, lb2 } = pair
        await until('lb1 has all addresses', async () => held(lb1) === 255 || undefined)
        const status = await lb2.untilState(
          'backup',
          ({ virtualRouters }) => virtualRouters[0]?.active === 'lb1',
        )
        equal(held(lb2), 0)
        deepEqual(status.warnings, [])
        deepEqual(status.virtualRouters[0]?.advertisements.discarded, {})
        await lb1.end('SIGKILL')
        await lb2.untilState('active')
        await until('lb2 has all addresses', async () => held(lb2) === 255 || undefined)
        deepEqual(
          [...lb1.lines, ...lb2.lines].filter((line) => /exited|uncaught|RangeError/.test(line)),
          [],
        )
      } finally {
        await pair.close()
      }
    })
})
