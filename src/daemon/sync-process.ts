/** The sync process: carries the kernel's connection records to the peer and the peer's to the kernel. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { IpAddress } from '../base/ip.js'
import { parseIp } from '../base/ip.js'
import { markerService } from '../base/sync-marker.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { updated } from '../config/share.js'
import { SystemClock } from '../platform/clock.js'
import { openDatagramSocket } from '../platform/datagram-socket.js'
import { openMarkerPort } from '../platform/marker-port.js'
import { becomeNobody } from '../platform/privileges.js'
import { Reactor } from '../platform/reactor.js'
import { kernelSyncGroup, kernelSyncPort } from '../sync/kernel-message.js'
import { type SyncEvent, type SyncRuntime, startSync } from '../sync/runtime.js'
import { runChild } from './child.js'
import { messageTypes, type SessionsSettled, type SyncSetting, type ToSync } from './messages.js'
import { openLinkToPeer } from './pair-link.js'
import { persistenceOf } from './persistence-of.js'

/** Bursts of the kernel's master wait here while this process does something else. */
const receiveBufferBytes = 8_000_000

const address = (text: string): IpAddress => {
  const parsed = parseIp(text)
  if (!parsed) throw new Error(`not an address: ${text}`)
  return parsed
}
const loopback = address('127.0.0.1')
const group = address(kernelSyncGroup)

runChild<ToSync, SyncEvent | SessionsSettled>('sync', messageTypes.toSync, ({ log, emit }) => {
  const reactor = Reactor.open()
  const clock = new SystemClock(reactor)
  let runtime: SyncRuntime | undefined
  let persistence = persistenceOf([])

  let services: readonly VirtualServiceConfig[] = []

  const start = ({ local, peer, pair, services: all }: SyncSetting): void => {
    services = all
    persistence = persistenceOf(services)
    runtime = startSync(
      {
        clock,
        log,
        random: randomBytes,
        openMarkers: () =>
          openMarkerPort(markerService, (error) =>
            log.warn(`sync: sessions reach the peer 2 to 3 s late: ${error.message}`),
          ),
        // Bound to the group, or unicast datagrams to the port would be taken for the kernel's.
        openKernelReceiver: (handlers) =>
          openDatagramSocket(
            reactor,
            {
              family: 4,
              address: group,
              port: kernelSyncPort,
              sharePort: true,
              receiveBufferBytes,
              multicast: { group, interfaceAddress: loopback },
            },
            handlers,
          ),
        openKernelInjector: (handlers) =>
          openDatagramSocket(
            reactor,
            { family: 4, multicast: { interfaceAddress: loopback, ttl: 0, loopback: true } },
            handlers,
          ),
        openLink: (onMessage, onEstablished) =>
          openLinkToPeer({ reactor, clock, log }, 'sync', { local, peer, pair }, onMessage, onEstablished),
        // Anybody may read it, in this network namespace: no privilege is needed later.
        readConnectionTable: () => createReadStream('/proc/net/ip_vs_conn'),
      },
      { syncid: local.id, peerSyncid: peer.id, persistence: (...which) => persistence(...which) },
      emit,
    )
    // The sockets are open, and nothing else here needs root.
    becomeNobody()
  }

  return {
    handle(message) {
      switch (message.type) {
        case 'start':
          start(message.setting)
          return
        case 'configure':
          // What comes before `start` is part of it.
          if (runtime === undefined) return
          services = updated(services, message.services)
          persistence = persistenceOf(services)
          return
        case 'syncDaemonsStarted':
          runtime?.kernelDaemonsStarted()
          return
        case 'settleSessions':
          runtime?.barrier((missing) => emit({ type: 'sessionsSettled', id: message.id, missing }))
          return
        case 'sourcePorts':
          runtime?.sourcePorts(message.translations)
          return
        case 'stop':
          return
      }
    },
    status: () => runtime?.status(),
    async stop() {
      runtime?.stop()
      reactor.close()
    },
  }
})
