/**
 * Ends a process in the middle of what it does to the table: as soon as a TCP service's first server has
 * the new weight. Usage: ipvs-killer PID ADDRESS PORT WEIGHT. Prints `ready`, and then as JSON how many servers
 * the services from port 10000 on have, and how many of these have the weight.
 */
import { parseIp } from '../src/base/ip.js'
import { millis, port as toPort } from '../src/base/units.js'
import { IpvsClient } from '../src/ipvs/client.js'
import { IPPROTO } from '../src/ipvs/constants.js'
import { SystemClock } from '../src/platform/clock.js'
import { NETLINK_GENERIC, resolveFamily } from '../src/platform/generic-netlink.js'
import { NetlinkExchange } from '../src/platform/netlink-exchange.js'
import { Reactor } from '../src/platform/reactor.js'

export interface Killed {
  readonly changed: number
  readonly all: number
}

const [victim = 0, where = 0, weight = 0] = [process.argv[2], process.argv[4], process.argv[5]].map(Number)
const address = parseIp(process.argv[3] ?? '')
const port = toPort(where)
if (address === undefined || port === undefined) throw new Error(`no service: ${process.argv.join(' ')}`)

const reactor = Reactor.open()
const netlink = new NetlinkExchange(reactor, new SystemClock(reactor), NETLINK_GENERIC)
const client = new IpvsClient(netlink, await resolveFamily(netlink, 'IPVS', millis(5_000)))
process.stdout.write('ready\n')
const service = { kind: 'endpoint', protocol: IPPROTO.TCP, address, port } as const
const begun = async (): Promise<boolean> =>
  [...(await client.readDestinations(service)).values()].some((one) => one.weight === weight)
// Often enough for an apply of a tenth of a second; looking takes from it on a single processor.
while (!(await begun())) await new Promise((resolve) => setTimeout(resolve, 10))
process.kill(victim, 'SIGKILL')

const { services } = await client.readTable()
const servers = [...services.values()]
  .filter(({ service: { key } }) => key.kind === 'endpoint' && key.port >= 10_000)
  .flatMap(({ destinations }) => [...destinations.values()])
const killed: Killed = {
  changed: servers.filter((one) => one.weight === weight).length,
  all: servers.length,
}
process.stdout.write(`${JSON.stringify(killed)}\n`)
netlink.close()
reactor.close()
