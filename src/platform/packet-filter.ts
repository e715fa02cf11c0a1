/** Classic BPF (include/uapi/linux/filter.h): what the kernel hands to a socket, decided before it wakes anybody. */
import { Writer } from '../base/bytes.js'
import { addressOf, setOption } from './libc.js'
import { optionOf } from './linux.js'

/** Instructions by their codes (include/uapi/linux/bpf_common.h). */
export const BPF = {
  /** A = byte at the constant. */
  loadByte: 0x30,
  /** A = 16 bits at the constant. */
  loadHalf: 0x28,
  /** A = byte at X + the constant. */
  loadByteIndexed: 0x50,
  /** A = 16 bits at X + the constant. */
  loadHalfIndexed: 0x48,
  /** X = length of the IPv4 header that begins at the constant. */
  loadHeaderLength: 0xb1,
  /** Skips as many instructions as it says where A is the constant, or where it is not. */
  jumpEqual: 0x15,
  /** Where A has any of the constant's bits. */
  jumpAnyBit: 0x45,
  /** So many bytes of the packet, or none of it. */
  answer: 0x06,
} as const

export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, constant: number]

/** A load beyond the packet's end refuses it. Throws `OpError`. */
export function attachFilter(fd: number, program: readonly Instruction[], subject: string): void {
  const writer = new Writer(program.length * 8)
  for (const [code, ifTrue, ifFalse, constant] of program) {
    writer.u16host(code).u8(ifTrue).u8(ifFalse).u32host(constant)
  }
  const instructions = writer.finish()
  // struct sock_fprog: the number of instructions, padding, and where they are.
  const value = new Writer(16).u16host(program.length).zeros(6).u64host(addressOf(instructions)).finish()
  setOption(fd, optionOf.attachFilter, value, subject)
}
