/** The vrrp process: owns the advertisements and the virtual addresses, and waits for nobody. */
import { SystemClock } from '../platform/clock.js'
import { openFrameSocket } from '../platform/frame-socket.js'
import { KernelLinks } from '../platform/links.js'
import { KernelMacvlans } from '../platform/macvlans.js'
import { openPacketSocket } from '../platform/packet-socket.js'
import { openRawSocket } from '../platform/raw-socket.js'
import { Reactor } from '../platform/reactor.js'
import { KernelRouting } from '../platform/routing.js'
import { claimRealtime } from '../platform/scheduling.js'
import { ProcSysctl } from '../platform/sysctl.js'
import { startDirector, type VrrpDirector } from '../vrrp/director/runtime.js'
import type { HandoverResult } from '../vrrp/runtime.js'
import type { VrrpFact } from '../vrrp/status.js'
import { runChild } from './child.js'
import { sweepLeftovers } from './leftovers.js'
import { type HandoverEnded, messageTypes, type SessionsWanted, type ToVrrp } from './messages.js'
import { openLinkToPeer } from './pair-link.js'

/** Above ordinary work, below the kernel's own threads (50). */
const realtimePriority = 20

runChild<ToVrrp, VrrpFact | HandoverEnded | SessionsWanted>('vrrp', messageTypes.toVrrp, ({ log, emit }) => {
  log.debug(claimRealtime(realtimePriority))
  const reactor = Reactor.open()
  const clock = new SystemClock(reactor)
  const links = new KernelLinks(reactor, clock)
  const sysctl = new ProcSysctl()
  const routing = new KernelRouting(reactor, clock)
  const macvlans = new KernelMacvlans(reactor, clock)
  let director: VrrpDirector | undefined
  const wanted = new Map<number, () => void>()
  let lastWanted = 0
  const answer = (id: number, asked: Promise<readonly HandoverResult[]> | undefined): void => {
    void asked?.then((results) => emit({ type: 'handoverEnded', id, results }))
  }
  return {
    handle(message) {
      switch (message.type) {
        case 'start': {
          const { local, peer, routers, pair, configHash, resumed } = message.setting
          director = startDirector(
            {
              clock,
              log,
              links,
              routing,
              acceptLocal: (name) =>
                sysctl.write(`net.ipv4.conf.${name.replaceAll('.', '/')}.accept_local`, '1'),
              virtualMacs: { macvlans, sysctl },
              settleSessions: (then) => {
                wanted.set(++lastWanted, then)
                emit({ type: 'sessionsWanted', id: lastWanted })
              },
              openRaw: (options) => openRawSocket(reactor, options),
              openPacket: openPacketSocket,
              openFrames: (options) => openFrameSocket(reactor, options),
              openPairLink:
                pair && peer
                  ? (onMessage) =>
                      openLinkToPeer({ reactor, clock, log }, 'vrrp', { local, peer, pair }, onMessage)
                  : undefined,
            },
            { director: local, peer, routers, configHash, ...(resumed && { resumed }) },
            emit,
          )
          sweepLeftovers(routing, routers, log)
          return
        }
        case 'configure': {
          const { local, peer, routers, configHash } = message.setting
          director?.configure({ director: local, peer, routers, configHash })
          return
        }
        case 'handover':
          answer(
            message.id,
            director?.election.handOver(message.router, { force: message.force, stay: true }),
          )
          return
        case 'maintenance':
          answer(message.id, director?.election.maintenance(message.reason))
          return
        case 'sessionsSettled':
          wanted.get(message.id)?.()
          wanted.delete(message.id)
          return
        case 'syncReadiness':
          director?.election.syncReadiness(message.readiness)
          return
        case 'trackChanged':
          director?.tracked(message.facts)
          return
        case 'serverCounts':
          director?.servers(message.counts, message.shared)
          return
        case 'toPeer':
          director?.tellPeer(message.message)
          return
        case 'stop':
          return
      }
    },
    status: () => director?.status(),
    async stop() {
      await director?.stop()
      routing.close()
      macvlans.close()
      links.close()
      reactor.close()
    },
  }
})
