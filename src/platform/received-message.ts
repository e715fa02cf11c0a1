/** recvmsg(2): a packet with its sender and with what the kernel tells about it beside the payload. */
import { Writer } from '../base/bytes.js'
import { addressOf, libc } from './libc.js'

/** Struct msghdr of a 64-bit machine (include/linux/socket.h): offsets of the fields that the kernel writes. */
const field = { nameLength: 8, controlLength: 40, flags: 48 } as const
const headerLength = 56
const nameCapacity = 28
const controlCapacity = 256

/** Buffers for one descriptor: each `receive` overwrites what the one before has left. */
export class ReceivedMessage {
  readonly payload: Uint8Array
  /** struct sockaddr_in6. */
  readonly name = new Uint8Array(nameCapacity)
  private readonly controlBuffer = new Uint8Array(controlCapacity)
  /** Held, because the header points at it. */
  private readonly vector: Uint8Array
  private readonly header: Uint8Array
  private readonly view: DataView

  constructor(capacity: number) {
    this.payload = new Uint8Array(capacity)
    this.vector = new Writer(16).u64host(addressOf(this.payload)).u64host(BigInt(capacity)).finish()
    this.header = new Writer(headerLength)
      .u64host(addressOf(this.name))
      .u64host(0n)
      .u64host(addressOf(this.vector))
      .u64host(1n)
      .u64host(addressOf(this.controlBuffer))
      .zeros(16)
      .finish()
    this.view = new DataView(this.header.buffer, this.header.byteOffset, headerLength)
  }

  /** As recv(2) answers: the length, or -1 with errno. */
  receive(fd: number, flags: number): number {
    this.view.setUint32(field.nameLength, nameCapacity, true)
    this.view.setBigUint64(field.controlLength, BigInt(controlCapacity), true)
    this.view.setUint32(field.flags, 0, true)
    return libc.recvmsg(fd, this.header, flags)
  }

  /** Ancillary data of the latest message. */
  get control(): Uint8Array {
    return this.controlBuffer.subarray(0, Number(this.view.getBigUint64(field.controlLength, true)))
  }
}
