/** Ethernet frames of one kind into and out of one interface: what probing a gateway by ARP or ND needs. */
import { Writer } from '../base/bytes.js'
import type { FrameSocketOptions, PacketSocket } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { addressOf, check, interfaceIndex, lastErrno, libc, openSocket, setOption } from './libc.js'
import { AF, EPOLLIN, MSG, optionOf, SOCK } from './linux.js'
import { type Reactor, readsPerWakeUp } from './reactor.js'

const longestFrame = 2048

/** Throws `OpError`. */
export function openFrameSocket(reactor: Reactor, options: FrameSocketOptions): PacketSocket {
  const subject = `frames 0x${options.etherType.toString(16).padStart(4, '0')} on ${options.interfaceName}`
  const address = linkLayerAddress(interfaceIndex(options.interfaceName), options.etherType)
  // Protocol 0 queues nothing until `bind` names one: the filter is there before the first frame.
  const fd = openSocket(subject, [AF.PACKET, SOCK.RAW, 0], (opened) => {
    attachFilter(opened, options.matching, subject)
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

/** Classic BPF (include/uapi/linux/filter.h): every byte as it should be, or the frame is not for us. */
function attachFilter(fd: number, matching: FrameSocketOptions['matching'], subject: string): void {
  const BPF = { LOAD_BYTE: 0x30, JUMP_EQ: 0x15, RETURN: 0x06 } as const
  const program: (readonly [code: number, ifTrue: number, ifFalse: number, constant: number])[] = []
  for (const [i, { offset, value }] of matching.entries()) {
    const toRefusal = 2 * (matching.length - 1 - i) + 1
    program.push([BPF.LOAD_BYTE, 0, 0, offset], [BPF.JUMP_EQ, 0, toRefusal, value])
  }
  program.push([BPF.RETURN, 0, 0, longestFrame], [BPF.RETURN, 0, 0, 0])
  const filters = new Writer(program.length * 8)
  for (const [code, ifTrue, ifFalse, constant] of program) {
    filters.u16host(code).u8(ifTrue).u8(ifFalse).u32host(constant)
  }
  const bytes = filters.finish()
  // struct sock_fprog: the number of instructions, padding, and where they are.
  const value = new Writer(16).u16host(program.length).zeros(6).u64host(addressOf(bytes)).finish()
  setOption(fd, optionOf.attachFilter, value, subject)
}
