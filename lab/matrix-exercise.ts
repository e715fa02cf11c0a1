/**
 * Puts every kind of service into this kernel's table and provokes every refusal, in the network namespace it is
 * started in. Prints one JSON object a line; ends with a failure's stack, or with `{"done":true}`.
 */
import { millis } from '../src/base/units.js'
import { SystemClock } from '../src/platform/clock.js'
import { NETLINK_GENERIC, resolveFamily } from '../src/platform/generic-netlink.js'
import { NetlinkExchange } from '../src/platform/netlink-exchange.js'
import { Reactor } from '../src/platform/reactor.js'
import { exerciseErrors, exerciseMatrix } from '../test/ipvs/real-matrix.js'

const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const record = (name: string, value: string | number): void => tell({ name, value })

const reactor = Reactor.open()
const netlink = new NetlinkExchange(reactor, new SystemClock(reactor), NETLINK_GENERIC)
const family = await resolveFamily(netlink, 'IPVS', millis(5_000))
await exerciseMatrix(netlink, family, record)
await exerciseErrors(netlink, family, record)
netlink.close()
reactor.close()
tell({ done: true })
