/** Ethernet frames of one kind into and out of one interface: what probing a gateway by ARP or ND needs. */
import { Writer } from '../base/bytes.js'
import type { FrameSocketOptions, PacketSocket } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { check, interfaceIndex, lastErrno, libc, openSocket } from './libc.js'
import { AF, EPOLLIN, MSG, SOCK } from './linux.js'
import { attachFilter, BPF, type Instruction } from './packet-filter.js'
import { type Reactor, readsPerWakeUp } from './reactor.js'

const longestFrame = 2048

/** Throws `OpError`. */
export function openFrameSocket(reactor: Reactor, options: FrameSocketOptions): PacketSocket {
  const subject = `frames 0x${options.etherType.toString(16).padStart(4, '0')} on ${options.interfaceName}`
  const address = linkLayerAddress(interfaceIndex(options.interfaceName), options.etherType)
  // Protocol 0 queues nothing until `bind` names one: the filter is there before the first frame.
  const fd = openSocket(subject, [AF.PACKET, SOCK.RAW, 0], (opened) => {
    attachFilter(opened, filterProgram(options.matching), subject)
    check(libc.bind(opened, address, address.length), 'bind', subject)
  })
  const buffer = new Uint8Array(longestFrame)
  let open = true

  const receive = (): void => {
    for (let i = 0; i < readsPerWakeUp && open; i++) {
      const length = libc.recv(fd, buffer, buffer.length, MSG.DONTWAIT)
      if (length >= 0) {
        options.onFrame(new Uint8Array(buffer.subarray(0, length)))
        continue
      }
      const code = lastErrno()
      if (code === 'EAGAIN' || code === 'EINTR') return
      options.onError(new OpError('receive', subject, code))
      return
    }
  }

  const watch = reactor.watch(fd, EPOLLIN, receive)
  return {
    send(frame) {
      check(open ? libc.send(fd, frame, frame.length, MSG.DONTWAIT) : -1, 'send', subject)
    },
    close() {
      if (!open) return
      open = false
      watch.close()
      libc.close(fd)
    },
  }
}

/** struct sockaddr_ll (include/uapi/linux/if_packet.h): family, protocol, ifindex, type, address. */
function linkLayerAddress(index: number, etherType: number): Uint8Array {
  return new Writer(20).u16host(AF.PACKET).u16be(etherType).u32host(index).zeros(12).finish()
}

/** Every byte as it should be, or the frame is not for us. */
function filterProgram(matching: FrameSocketOptions['matching']): readonly Instruction[] {
  const program: Instruction[] = []
  for (const [i, { offset, value }] of matching.entries()) {
    const toRefusal = 2 * (matching.length - 1 - i) + 1
    program.push([BPF.loadByte, 0, 0, offset], [BPF.jumpEqual, 0, toRefusal, value])
  }
  return [...program, [BPF.answer, 0, 0, longestFrame], [BPF.answer, 0, 0, 0]]
}
