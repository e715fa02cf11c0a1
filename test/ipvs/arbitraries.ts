/** Random tables for the property tests: small pools, so that two of them have much in common. */
import fc from 'fast-check'
import type { IpAddress } from '../../src/base/ip.js'
import type { Port } from '../../src/base/units.js'
import type { Daemon, Destination, Service, ServiceEntry, ServiceKey, Table } from '../../src/ipvs/model.js'
import { destinationId, serviceId } from '../../src/ipvs/model.js'

/** Ordinary objects: a null prototype never equals a decoded one. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T, keyof T>(model, { noNullPrototype: true })

export const port = (n: number): Port => n as Port
const portOf = (max: number): fc.Arbitrary<Port> => fc.integer({ min: 1, max }).map(port)

const address = (family: 4 | 6): fc.Arbitrary<IpAddress> =>
  fc.integer({ min: 1, max: 6 }).map((last) => {
    const head = family === 4 ? [10, 0, 0] : [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0)]
    return { family, bytes: Uint8Array.from([...head, last]) }
  })

const key = (family: 4 | 6): fc.Arbitrary<ServiceKey> =>
  fc.oneof(
    { weight: 4, arbitrary: endpointKey(family) },
    {
      weight: 1,
      arbitrary: record({
        kind: fc.constant('fwmark' as const),
        family: fc.constant(family),
        mark: fc.constantFrom(1, 2, 0xffffffff),
      }),
    },
  )

const endpointKey = (family: 4 | 6): fc.Arbitrary<ServiceKey> =>
  record({
    kind: fc.constant('endpoint' as const),
    protocol: fc.constantFrom(6, 17, 132),
    address: address(family),
    port: fc.constantFrom(0, 1, 2).map(port),
  })

const service = (family: 4 | 6): fc.Arbitrary<Service> =>
  record({
    key: key(family),
    scheduler: fc.constantFrom('rr', 'wrr', 'wlc', 'sh'),
    flags: fc.integer({ min: 0, max: 0x3f }),
    persistenceSeconds: fc.constantFrom(0, 60, 300),
    netmask: family === 4 ? fc.constantFrom(0xffffffff, 0xffffff00, 0x80000000) : fc.constantFrom(128, 64, 1),
    engine: fc.constantFrom(undefined, 'sip'),
  })

export const destination = (family: 4 | 6): fc.Arbitrary<Destination> =>
  record({
    // A tunnel may lead to the other family.
    endpoint: fc
      .constantFrom(family, 4 as const, 6 as const)
      .chain((other) => record({ address: address(other), port: fc.constantFrom(0, 1, 2).map(port) })),
    forwarding: fc.integer({ min: 0, max: 4 }),
    weight: fc.constantFrom(0, 1, 100, 65535),
    upperThreshold: fc.constantFrom(1000, 2_147_483_647),
    lowerThreshold: fc.constantFrom(0, 500),
    tunnel: record({
      type: fc.integer({ min: 0, max: 2 }),
      port: portOf(9000),
      flags: fc.constantFrom(0, 1, 2),
    }),
  })

export const entry: fc.Arbitrary<ServiceEntry> = fc.constantFrom(4 as const, 6 as const).chain((family) =>
  record({
    service: service(family),
    destinations: fc
      .array(destination(family), { maxLength: 8 })
      .map((list) => new Map(list.map((one) => [destinationId(one), one]))),
  }),
)

const daemons: fc.Arbitrary<readonly Daemon[]> = fc
  .tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 2 }))
  .map(([master, backup, syncId]) => [
    ...(master ? [{ role: 'master' as const, interface: 'lo', syncId, maxLength: undefined }] : []),
    ...(backup
      ? [{ role: 'backup' as const, interface: 'lo', syncId: 3 - syncId, maxLength: undefined }]
      : []),
  ])

export const table: fc.Arbitrary<Table> = record({
  services: fc
    .array(entry, { maxLength: 8 })
    .map((entries) => new Map(entries.map((one) => [serviceId(one.service.key), one]))),
  daemons,
})
