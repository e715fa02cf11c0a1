/** The ipvs process: owns the kernel's IPVS table. If it dies, the table stays and forwards. */
import { createReadStream } from 'node:fs'
import { OpError } from '../base/result.js'
import { millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { updated } from '../config/share.js'
import type { IpvsFact } from '../ipvs/facts.js'
import { fullNatTargets } from '../ipvs/full-nat/targets.js'
import { type SourcePortsFact, startTracking } from '../ipvs/full-nat/tracking/runtime.js'
import { type IpvsRuntime, startIpvs } from '../ipvs/runtime.js'
import { SystemClock } from '../platform/clock.js'
import { NETLINK_GENERIC, resolveFamily } from '../platform/generic-netlink.js'
import { Modprobe } from '../platform/kernel-modules.js'
import { NetlinkExchange } from '../platform/netlink-exchange.js'
import { NftProgram } from '../platform/nft.js'
import { Reactor } from '../platform/reactor.js'
import { ProcSysctl } from '../platform/sysctl.js'
import { runChild } from './child.js'
import { messageTypes, type Planned, type ToIpvs, type TrafficRead } from './messages.js'
import { OwnershipFile } from './ownership-file.js'
import { SysctlFile } from './sysctl-file.js'

/** include/uapi/linux/netlink.h */
const NETLINK_NETFILTER = 12
const resolveTimeout = millis(2_000)

type Emitted = IpvsFact | Planned | SourcePortsFact | TrafficRead

runChild<ToIpvs, Emitted>('ipvs', messageTypes.toIpvs, ({ log, emit }) => {
  const reactor = Reactor.open()
  const clock = new SystemClock(reactor)
  const netlink = new NetlinkExchange(reactor, clock, NETLINK_GENERIC)
  let runtime: IpvsRuntime | undefined
  let services: readonly VirtualServiceConfig[] = []
  const tracking = startTracking(
    {
      clock,
      log,
      openNetlink: () => new NetlinkExchange(reactor, clock, NETLINK_NETFILTER),
      readConnectionTable: () => createReadStream('/proc/net/ip_vs_conn'),
    },
    emit,
  )
  return {
    handle(message) {
      switch (message.type) {
        case 'start':
          services = message.setting.services
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
              ownership: new OwnershipFile(message.ownedFile),
              onTraffic: (reading) => emit({ type: 'traffic', reading }),
            },
            message.setting,
            emit,
          )
          tracking.configure(fullNatTargets(message.setting.services))
          return
        case 'configure':
          // What comes before `start` is part of it.
          if (runtime === undefined) return
          services = updated(services, message.services)
          runtime.configure({ ...message.setting, services })
          tracking.configure(fullNatTargets(services))
          return
        case 'addressRoles':
          tracking.rolesChanged(message.roles)
          return
        case 'peerSourcePorts':
          tracking.peerSourcePorts(message.translations)
          return
        case 'connectionsArrived':
          tracking.connectionsArrived()
          return
        case 'healthChanged':
          runtime?.healthChanged(message.servers)
          return
        case 'plan':
          void planned(runtime, message).then(emit)
          return
        case 'stop':
          return
      }
    },
    // With 30,000 servers it takes long to tell, and what is being changed is told behind it.
    status: () => (runtime?.converging ? undefined : runtime?.status()),
    async stop() {
      await tracking.stop()
      await runtime?.stop()
      netlink.close()
      reactor.close()
    },
  }
})

async function planned(
  runtime: IpvsRuntime | undefined,
  { id, setting }: Extract<ToIpvs, { readonly type: 'plan' }>,
): Promise<Planned> {
  try {
    const { changes } = (await runtime?.plan(setting)) ?? { changes: [] }
    return { type: 'planned', id, changes, failure: undefined }
  } catch (error) {
    if (!(error instanceof OpError)) throw error
    return { type: 'planned', id, changes: [], failure: error.message }
  }
}
