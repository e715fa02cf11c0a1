/** Operations that the kernel refuses, one for each errno and cause, and what is said about them. */
import assert from 'node:assert/strict'
import { parseEndpoint } from '../../src/base/ip.js'
import type { Port } from '../../src/base/units.js'
import type { Daemon, Destination, Service, ServiceKey } from '../../src/ipvs/model.js'
import type { Operation } from '../../src/ipvs/operation.js'

export interface Refusal {
  readonly title: string
  /** Taken by the kernel, in an empty table. */
  readonly before: readonly Operation[]
  readonly operation: Operation
  readonly code: string
  /** The service, the server and the cure. */
  readonly says: RegExp
}

function endpoint(text: string) {
  const parsed = parseEndpoint(text)
  assert.ok(parsed, text)
  return parsed
}

const key: ServiceKey = { kind: 'endpoint', protocol: 6, ...endpoint('10.0.0.100:80') }
const key6: ServiceKey = { kind: 'endpoint', protocol: 6, ...endpoint('[2001:db8::100]:80') }
const plain = { scheduler: 'rr', flags: 0, persistenceSeconds: 0, engine: undefined }
const web: Service = { key, ...plain, netmask: 0xffffffff }
const web6: Service = { key: key6, ...plain, netmask: 128 }

const noTunnel = { type: 0, port: 0 as Port, flags: 0 }
const destination = (address: string, change: Partial<Destination> = {}): Destination => ({
  endpoint: endpoint(address),
  forwarding: 3,
  weight: 100,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: noTunnel,
  ...change,
})
const master: Daemon = { role: 'master', interface: 'lo', syncId: 1, maxLength: undefined }

const add = (service: Service): Operation => ({ kind: 'newService', service })
const to = (
  kind: 'newDest' | 'setDest' | 'delDest',
  address: string,
  change: Partial<Destination> = {},
  of: ServiceKey = key,
): Operation => ({ kind, key: of, destination: destination(address, change) })

const refusal = (
  title: string,
  before: readonly Operation[],
  operation: Operation,
  code: string,
  says: RegExp,
): Refusal => ({ title, before, operation, code, says })

const server = '10.0.0.21:80'
const mixed = to('newDest', '[2001:db8::21]:80', { forwarding: 2 })

export const refusals: readonly Refusal[] = [
  refusal(
    'unknown scheduler',
    [],
    add({ ...web, scheduler: 'nope' }),
    'ENOENT',
    /newService tcp 10\.0\.0\.100:80: ENOENT: the kernel has no scheduler "nope" for tcp 10\.0\.0\.100:80: load it with modprobe ip_vs_nope/,
  ),
  refusal(
    'unknown engine',
    [],
    add({ ...web, flags: 1, persistenceSeconds: 60, engine: 'nope' }),
    'ENOENT',
    /no persistence engine "nope": .* modprobe ip_vs_pe_nope/,
  ),
  refusal('a service twice', [add(web)], add(web), 'EEXIST', /tcp 10\.0\.0\.100:80 is in the table already/),
  refusal(
    'a change of no service',
    [],
    { kind: 'setService', service: web },
    'ESRCH',
    /80 is not in the table/,
  ),
  refusal('a removal of no service', [], { kind: 'delService', key }, 'ESRCH', /80 is not in the table/),
  refusal(
    'all clients of IPv6 in one',
    [],
    add({ ...web6, flags: 1, persistenceSeconds: 60, netmask: 0 }),
    'EINVAL',
    /\[2001:db8::100\]:80 puts all clients together .* choose a persistence_netmask/,
  ),
  refusal(
    'a server of no service',
    [],
    to('newDest', server),
    'ESRCH',
    /tcp 10\.0\.0\.100:80 is not in the table/,
  ),
  refusal(
    'a server twice',
    [add(web), to('newDest', server)],
    to('newDest', server),
    'EEXIST',
    /10\.0\.0\.21:80 of tcp 10\.0\.0\.100:80 is in the table already/,
  ),
  refusal(
    'a change of no server',
    [add(web)],
    to('setDest', server),
    'ENOENT',
    /21:80 of .* is not in the table/,
  ),
  refusal(
    'a removal of no server',
    [add(web)],
    to('delDest', server),
    'ENOENT',
    /21:80 of .* is not in the table/,
  ),
  refusal(
    'thresholds the wrong way round',
    [add(web)],
    to('newDest', server, { upperThreshold: 10, lowerThreshold: 20 }),
    'ERANGE',
    /10\.0\.0\.21:80 of tcp 10\.0\.0\.100:80 has a lower threshold of 20, above the upper one of 10: make it at most that/,
  ),
  refusal(
    'a negative weight',
    [add(web)],
    to('newDest', server, { weight: 0xffffffff }),
    'ERANGE',
    /10\.0\.0\.21:80 .* has a negative weight: choose one from 0 to 65535/,
  ),
  refusal(
    'a multicast server',
    [add(web)],
    to('newDest', '224.0.0.1:80'),
    'EINVAL',
    /224\.0\.0\.1: choose the address/,
  ),
  refusal(
    'a link-local server',
    [add(web6)],
    to('newDest', '[fe80::21]:80', {}, key6),
    'EINVAL',
    /\[fe80::21\]:80 of tcp \[2001:db8::100\]:80 is a link-local address: choose/,
  ),
  refusal(
    'another family without a tunnel',
    [add(web)],
    to('newDest', '[2001:db8::21]:80', { forwarding: 0 }),
    'EINVAL',
    /is IPv6 behind an IPv4 service: choose forwarding tunnel/,
  ),
  refusal(
    'GUE without a port',
    [add(web)],
    to('newDest', server, { forwarding: 2, tunnel: { ...noTunnel, type: 1 } }),
    'EINVAL',
    /10\.0\.0\.21:80 .* is reached by GUE without a port: give the tunnel the port/,
  ),
  refusal(
    'a broadcast address',
    [add(web)],
    to('newDest', '255.255.255.255:80'),
    'EINVAL',
    /is no address of one machine as this kernel sees it/,
  ),
  refusal(
    'two families while a sync daemon runs',
    [add(web), { kind: 'newDaemon', daemon: master }],
    mixed,
    'EINVAL',
    /refuses while a sync daemon runs: .* \[sync\] off/,
  ),
  refusal(
    'a sync daemon beside two families',
    [add(web), mixed],
    { kind: 'newDaemon', daemon: master },
    'EINVAL',
    /starts no sync master while a destination has another address family than its service: switch/,
  ),
  refusal(
    'a sync daemon on no interface',
    [],
    { kind: 'newDaemon', daemon: { ...master, interface: 'nope0' } },
    'ENODEV',
    /no interface nope0 that is up for sync master: ip link set nope0 up/,
  ),
  refusal(
    'a sync daemon twice',
    [{ kind: 'newDaemon', daemon: master }],
    { kind: 'newDaemon', daemon: master },
    'EEXIST',
    /sync master runs already/,
  ),
  refusal(
    'no sync daemon to stop',
    [],
    { kind: 'delDaemon', daemon: master },
    'ESRCH',
    /sync master does not run: somebody else stopped it/,
  ),
]

/** What only `vipair check` refuses. */
export const takenInSilence: readonly Omit<Refusal, 'code' | 'says'>[] = [
  { title: 'weight 65536', before: [add(web)], operation: to('newDest', server, { weight: 65536 }) },
  { title: 'another port', before: [add(web)], operation: to('newDest', '10.0.0.21:8080') },
  {
    title: 'an unknown tunnel',
    before: [add(web)],
    operation: to('newDest', server, { forwarding: 2, tunnel: { ...noTunnel, type: 9 } }),
  },
  { title: 'an unknown method', before: [add(web)], operation: to('newDest', server, { forwarding: 7 }) },
  { title: 'one packet with TCP', before: [], operation: add({ ...web, flags: 4 }) },
  { title: 'an engine without persistence', before: [], operation: add({ ...web, engine: 'sip' }) },
  {
    title: 'a loopback address',
    before: [],
    operation: add({ ...web, key: { ...key, ...endpoint('127.0.0.1:80') } }),
  },
  {
    title: 'all ports without persistence',
    before: [],
    operation: add({ ...web, key: { ...key, port: 0 as Port } }),
  },
]
