/** Whatever happens, and in whatever order: once it is quiet, the kernel has what file and health ask for. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Health } from '../../src/base/facts.js'
import { OpError } from '../../src/base/result.js'
import type { Weight } from '../../src/base/units.js'
import type { VirtualServiceConfig } from '../../src/config/model.js'
import { formatServiceAddress } from '../../src/config/service-address.js'
import type { IpvsRuntime } from '../../src/ipvs/runtime.js'
import { table } from './arbitraries.js'
import { server, service } from './configs.js'
import { FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const addresses = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1', '10.0.0.4:1']
const names = ['a', 'b'] as const

const member = fc.constantFrom(...addresses)
const config: fc.Arbitrary<VirtualServiceConfig> = fc
  .tuple(
    fc.constantFrom(...names),
    fc.uniqueArray(member),
    fc.integer({ min: 1, max: 9 }),
    fc.constantFrom('quiesce' as const, 'remove' as const),
  )
  .map(([name, members, weight, onDown]) => {
    const servers = members.map((address) => server(address, { weight: weight as Weight }))
    return service(name, name === 'a' ? '10.0.0.1:1' : '10.0.0.2:2', servers, { onDown })
  })
const configs = fc.uniqueArray(config, { selector: ({ name }) => name, maxLength: 2 })

type Event =
  | { readonly type: 'configure'; readonly services: readonly VirtualServiceConfig[] }
  | { readonly type: 'health'; readonly service: string; readonly server: string; readonly health: Health }
  | { readonly type: 'meddle' | 'silence' | 'pause' | 'breathe' }

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constant('configure' as const), services: configs }),
  fc.record({
    type: fc.constant('health' as const),
    service: fc.constantFrom(...names),
    server: member,
    health: fc.constantFrom('healthy' as const, 'unhealthy' as const, 'unknown' as const),
  }),
  fc.record({
    type: fc.constantFrom('meddle' as const, 'silence' as const, 'pause' as const, 'breathe' as const),
  }),
)

describe('ipvs convergence', function () {
  // Many random cases, on a machine that may be busy.
  this.timeout(30_000)

  it('reaches what is asked for after any events', async () => {
    await fc.assert(
      fc.asyncProperty(configs, fc.array(event, { maxLength: 20 }), table, async (start, events, foreign) => {
        const machine = new FakeMachine()
        const runtime = await machine.start(settingOf(start))
        let services: readonly VirtualServiceConfig[] = start
        for (const one of events) {
          if (one.type === 'configure') services = one.services
          await play(one, machine, runtime, () => machine.kernel.load(foreign))
        }
        await settled()
        const all = services.flatMap((one) => one.realServers.map((it) => ({ service: one, server: it })))
        const verdicts = all.map(({ service: { name }, server: it }, i) =>
          verdict(name, it.name, i % 2 === 0 ? 'healthy' : 'unhealthy'),
        )
        runtime.healthChanged(verdicts)
        await settled()
        // The first pass may meet a silence that is still to come.
        await machine.clock.advance(10_000)
        await machine.clock.advance(10_000)
        for (const { name, address, onDown, realServers } of services) {
          const id = `tcp ${formatServiceAddress(address)}`
          const healthy = (it: string) =>
            verdicts.some((one) => one.service === name && one.server === it && one.health === 'healthy')
          const wanted = realServers
            .map((it) => [it.name, healthy(it.name) ? it.weight : 0] as const)
            .filter(([, weight]) => weight > 0 || onDown === 'quiesce')
          assert.deepEqual(machine.weights(id), Object.fromEntries(wanted), id)
        }
        assert.deepEqual([...machine.kernel.daemons.keys()].sort(), ['backup', 'master'])
        await runtime.stop()
      }),
      { numRuns: 200 },
    )
  })
})

async function play(
  one: Event,
  machine: FakeMachine,
  runtime: IpvsRuntime,
  meddle: () => void,
): Promise<void> {
  switch (one.type) {
    case 'configure':
      runtime.configure(settingOf(one.services))
      break
    case 'health':
      runtime.healthChanged([verdict(one.service, one.server, one.health)])
      break
    case 'meddle':
      meddle()
      break
    case 'silence':
      machine.kernel.afterExchange = () => {
        machine.kernel.afterExchange = () => {}
        throw new OpError('exchange', 'netlink 16', 'timeout')
      }
      break
    case 'pause':
      await machine.clock.advance(10_000)
      break
    case 'breathe':
      await settled()
      break
  }
}
