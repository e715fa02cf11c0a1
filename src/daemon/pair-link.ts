/** One process's share of the pair port, made into its link to the peer. */
import { createSecretKey, randomBytes } from 'node:crypto'
import type { Clock, Log } from '../base/ports.js'
import type { DirectorConfig } from '../config/model.js'
import { openPairLink, type PairChannel, type PairLink } from '../pair/link.js'
import { openDatagramSocket } from '../platform/datagram-socket.js'
import type { Reactor } from '../platform/reactor.js'
import type { PairSetting } from './messages.js'

export function openLinkToPeer(
  ports: { readonly reactor: Reactor; readonly clock: Clock; readonly log: Log },
  channel: PairChannel,
  who: { readonly local: DirectorConfig; readonly peer: DirectorConfig; readonly pair: PairSetting },
  onMessage: (payload: Uint8Array) => void,
  onEstablished?: () => void,
): PairLink {
  const { local, peer, pair } = who
  return openPairLink(
    {
      clock: ports.clock,
      log: ports.log,
      random: randomBytes,
      openSocket: (handlers, path) => {
        const own = [local.address, ...local.addresses][path]
        const fd = pair.fds[path]
        if (!own || fd === undefined) throw new Error(`the pair port has no path ${path}`)
        return openDatagramSocket(ports.reactor, { family: own.family, fd }, handlers)
      },
    },
    {
      channel,
      key: createSecretKey(pair.key),
      pairName: pair.name,
      localName: local.name,
      peerName: peer.name,
      peerAddress: peer.address,
      morePeerAddresses: peer.addresses,
      port: pair.port,
      configHash: pair.configHash,
    },
    onMessage,
    onEstablished,
  )
}
