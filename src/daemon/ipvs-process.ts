/** The ipvs process: owns the kernel's IPVS table. If it dies, the table stays and forwards. */
import { millis } from '../base/units.js'
import type { IpvsFact } from '../ipvs/facts.js'
import { type IpvsRuntime, startIpvs } from '../ipvs/runtime.js'
import { SystemClock } from '../platform/clock.js'
import { NETLINK_GENERIC, resolveFamily } from '../platform/generic-netlink.js'
import { Modprobe } from '../platform/kernel-modules.js'
import { NetlinkExchange } from '../platform/netlink-exchange.js'
import { NftProgram } from '../platform/nft.js'
import { Reactor } from '../platform/reactor.js'
import { ProcSysctl } from '../platform/sysctl.js'
import { runChild } from './child.js'
import { messageTypes, type ToIpvs } from './messages.js'
import { SysctlFile } from './sysctl-file.js'

const resolveTimeout = millis(2_000)

runChild<ToIpvs, IpvsFact>('ipvs', messageTypes.toIpvs, ({ log, emit }) => {
  const reactor = Reactor.open()
  const clock = new SystemClock(reactor)
  const netlink = new NetlinkExchange(reactor, clock, NETLINK_GENERIC)
  let runtime: IpvsRuntime | undefined
  return {
    handle(message) {
      switch (message.type) {
        case 'start':
          runtime = startIpvs(
            {
              clock,
              log,
              netlink,
              resolveFamily: () => resolveFamily(netlink, 'IPVS', resolveTimeout),
              sysctl: new ProcSysctl(),
              sysctlMemory: new SysctlFile(message.sysctlFile),
              nft: new NftProgram(),
              modules: new Modprobe(),
            },
            message.setting,
            emit,
          )
          return
        case 'configure':
          runtime?.configure(message.setting)
          return
        case 'healthChanged':
          runtime?.healthChanged(message.servers)
          return
        case 'stop':
          return
      }
    },
    status: () => runtime?.status(),
    async stop() {
      await runtime?.stop()
      netlink.close()
      reactor.close()
    },
  }
})
