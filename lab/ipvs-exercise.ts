/**
 * Runs the IPVS feature's exercise against this kernel, in the network namespace it is started in, and
 * prints what it measured as one JSON object a line. Ends with a failure's stack, or with `{"done":true}`.
 */

import { millis } from '../src/base/units.js'
import { SystemClock } from '../src/platform/clock.js'
import { NETLINK_GENERIC, resolveFamily } from '../src/platform/generic-netlink.js'
import { Modprobe } from '../src/platform/kernel-modules.js'
import { createLog } from '../src/platform/log.js'
import { NetlinkExchange } from '../src/platform/netlink-exchange.js'
import { NftProgram } from '../src/platform/nft.js'
import { Reactor } from '../src/platform/reactor.js'
import { ProcSysctl } from '../src/platform/sysctl.js'
import { exerciseRealKernel, exerciseRuntime, measureRealKernel } from '../test/ipvs/real-kernel.js'

const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const record = (name: string, value: string | number): void => tell({ name, value })

const reactor = Reactor.open()
const clock = new SystemClock(reactor)
const netlink = new NetlinkExchange(reactor, clock, NETLINK_GENERIC)
const family = await resolveFamily(netlink, 'IPVS', millis(5_000))
const log = createLog({ level: 'info', format: 'text', process: 'exercise' })
const sysctlMemory = { read: () => ({}), write: () => {} }
const nft = new NftProgram()
const machine = { clock, log, sysctl: new ProcSysctl(), sysctlMemory, nft, modules: new Modprobe() }
await exerciseRealKernel(netlink, family, record)
await exerciseRuntime(netlink, family, machine, record)
await measureRealKernel(netlink, family, clock, 300, 100, record)
netlink.close()
reactor.close()
tell({ done: true })
