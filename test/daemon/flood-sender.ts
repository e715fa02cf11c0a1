/**
 * Sends whole IPv4 packets, whoever they claim to be from, in turn and at a steady rate. One order comes as
 * a message; the answer says what the kernel took.
 */
import { setPriority } from 'node:os'
import { libc, openSocket, setOption, socketAddress } from '../../src/platform/libc.js'
import { AF, IPPROTO, MSG, optionOf, SOCK } from '../../src/platform/linux.js'

export interface FloodOrder {
  readonly interfaceName: string
  readonly packets: readonly Uint8Array[]
  readonly perSecond: number
  readonly seconds: number
}

export interface FloodReport {
  readonly sent: number
  /** Not taken by the kernel. */
  readonly refused: number
  readonly seconds: number
}

/** Packets in one go: catching up after a pause is not to become one great burst. */
const longestBurst = 512

function flood(order: FloodOrder, done: (report: FloodReport) => void): void {
  const { interfaceName, packets, perSecond, seconds } = order
  const fd = openSocket('flood', [AF.INET, SOCK.RAW, IPPROTO.RAW], (opened) => {
    setOption(opened, optionOf.bindToDevice, Buffer.from(`${interfaceName}\0`), 'flood')
    setOption(opened, optionOf.multicastLoop, 0, 'flood')
  })
  const ready = packets.map((bytes) => ({ bytes, to: socketAddress(bytes.slice(16, 20), 0) }))
  const begun = performance.now()
  let tried = 0
  let refused = 0
  const burst = (): void => {
    const elapsed = (performance.now() - begun) / 1000
    const due = Math.min(elapsed * perSecond, tried + longestBurst)
    while (tried < due) {
      const packet = ready[tried++ % ready.length]
      if (!packet) break
      const { bytes, to } = packet
      if (libc.sendto(fd, bytes, bytes.length, MSG.DONTWAIT, to, to.length) < 0) refused++
    }
    if (elapsed < seconds) {
      setTimeout(burst, 1)
      return
    }
    libc.close(fd)
    done({ sent: tried - refused, refused, seconds: elapsed })
  }
  burst()
}

process.once('message', (order: FloodOrder) => {
  // An attacker has a machine of his own: what else runs on this one is not to slow him down.
  setPriority(-10)
  flood(order, (report) => process.send?.(report, () => process.disconnect()))
})
