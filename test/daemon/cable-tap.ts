/** Hears what two directors say to each other, from one end of their cable. */
import type { RawPacket } from '../../src/base/ports.js'
import { decodeIpv4 } from '../../src/platform/ipv4-header.js'
import { libc, openSocket } from '../../src/platform/libc.js'
import { AF, EPOLLIN, MSG, SOCK } from '../../src/platform/linux.js'
import { type Reactor, readsPerWakeUp } from '../../src/platform/reactor.js'
import type { Namespace } from '../platform/namespace.js'

/** ETH_P_IP alone would miss what this end sends (packet(7)): the number is in network byte order. */
const everyProtocol = 0x0300
const ethernetHeader = 14
const offsetOfEthertype = 12
const ethertypeIpv4 = 0x0800
const offsetOfProtocol = ethernetHeader + 9

export interface TappedPacket extends RawPacket {
  readonly protocol: number
}

export interface Tap {
  readonly heard: readonly TappedPacket[]
  close(): void
}

export function openTap(reactor: Reactor, namespace: Namespace): Tap {
  const heard: TappedPacket[] = []
  const fd = namespace.enter(() => openSocket('tap', [AF.PACKET, SOCK.RAW, everyProtocol], () => {}))
  const frame = new Uint8Array(2048)
  const view = new DataView(frame.buffer)
  const watch = reactor.watch(fd, EPOLLIN, () => {
    for (let i = 0; i < readsPerWakeUp; i++) {
      const length = libc.recv(fd, frame, frame.length, MSG.DONTWAIT)
      if (length < 0) return
      if (view.getUint16(offsetOfEthertype) !== ethertypeIpv4) continue
      const packet = decodeIpv4(frame.subarray(ethernetHeader, length))
      if (packet.ok) heard.push({ ...packet.value, protocol: frame[offsetOfProtocol] ?? 0 })
    }
  })
  let open = true
  return {
    heard,
    close: () => {
      if (!open) return
      open = false
      watch.close()
      libc.close(fd)
    },
  }
}
