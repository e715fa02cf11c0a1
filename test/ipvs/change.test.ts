/** What `vipair plan` and the log say of a change. */
import assert from 'node:assert/strict'
import { changeOf } from '../../src/ipvs/change.js'
import type { Destination, Table, Tunnel } from '../../src/ipvs/model.js'
import { destinationId, serviceId } from '../../src/ipvs/model.js'
import { port } from './arbitraries.js'
import { end } from './tracking-samples.js'

const { address } = end('10.0.0.100:80')
const key = { kind: 'endpoint', protocol: 6, address, port: port(80) } as const

const through = (type: number, at: number, flags: number): Destination => ({
  endpoint: end('10.0.0.21:80'),
  forwarding: 2,
  weight: 100,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: { type, port: port(at), flags },
})

describe('ipvs change', () => {
  const tunnels: readonly (readonly [Tunnel['type'], number, number, string])[] = [
    [0, 0, 0, 'ipip'],
    [1, 6080, 0, 'gue:6080'],
    [1, 6080, 2, 'gue:6080 remote checksum'],
    [2, 0, 1, 'gre checksum'],
    [7, 0, 0, 'type 7'],
  ]
  for (const [type, at, flags, words] of tunnels)
    it(`names the tunnel ${words} as the file does`, () => {
      const destination = through(type, at, flags)
      const { details } = changeOf(
        { kind: 'newDest', key, destination },
        { services: new Map(), daemons: [] },
      )
      assert.deepEqual(details, ['tunnel', 'weight 100', `tunnel ${words}`])
    })

  it('names the tunnel before and after', () => {
    const [was, now] = [through(0, 0, 0), through(1, 6080, 1)]
    const service = {
      key,
      scheduler: 'wlc',
      flags: 0,
      persistenceSeconds: 0,
      netmask: 0,
      engine: undefined,
    }
    const destinations = new Map([[destinationId(was), was]])
    const before: Table = { services: new Map([[serviceId(key), { service, destinations }]]), daemons: [] }
    assert.deepEqual(changeOf({ kind: 'setDest', key, destination: now }, before).details, [
      'tunnel ipip -> gue:6080 checksum',
    ])
  })
})
