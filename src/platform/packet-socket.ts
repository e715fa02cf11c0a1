/** Whole Ethernet frames out of one interface: gratuitous ARP and unsolicited neighbour advertisements. */
import { Writer } from '../base/bytes.js'
import type { PacketSocket } from '../base/ports.js'
import { check, interfaceIndex, libc, openSocket } from './libc.js'
import { AF, MSG, SOCK } from './linux.js'

/** Sends only: protocol 0 makes the kernel queue nothing for reading (packet(7)). Throws `OpError`. */
export function openPacketSocket(interfaceName: string): PacketSocket {
  const subject = `packet on ${interfaceName}`
  const address = linkLayerAddress(interfaceIndex(interfaceName))
  const fd = openSocket(subject, [AF.PACKET, SOCK.RAW, 0], (opened) => {
    check(libc.bind(opened, address, address.length), 'bind', subject)
  })
  let open = true
  return {
    send(frame) {
      check(open ? libc.send(fd, frame, frame.length, MSG.DONTWAIT) : -1, 'send', subject)
    },
    close() {
      if (open) libc.close(fd)
      open = false
    },
  }
}

/** struct sockaddr_ll (include/uapi/linux/if_packet.h): family, protocol, ifindex, type, address. */
function linkLayerAddress(index: number): Uint8Array {
  return new Writer(20).u16host(AF.PACKET).u16be(0).u32host(index).zeros(12).finish()
}
