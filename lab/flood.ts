/**
 * Sends hostile datagrams as fast as asked, without waiting for anything: noise, empty and oversized ones, and
 * pieces of what it was given. Usage: flood ADDRESS PORT PER-SECOND SECONDS [HEX …]; prints how many it sent.
 */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'

const [address = '', port = '', perSecond = '', seconds = '', ...samples] = process.argv.slice(2)
const socket = createSocket('udp4')
const captured = samples.map((hex) => Buffer.from(hex, 'hex'))
const pieces = captured.flatMap((bytes) => [
  bytes,
  bytes.subarray(0, bytes.length >> 1),
  bytes.subarray(0, 3),
  Buffer.concat([bytes, randomBytes(5)]),
  bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)),
])
const noise = Array.from({ length: 64 }, (_, index) => randomBytes(index * 20))
const datagrams = [...noise, ...pieces]
const begun = performance.now()
let sent = 0
socket.on('error', () => {})

function burst(): void {
  const elapsed = performance.now() - begun
  const due = Math.min((elapsed * Number(perSecond)) / 1000, Number(perSecond) * Number(seconds))
  // At most 100 at once, so that one burst does not keep the only processor from everybody else.
  for (let many = 0; sent < due && many < 100; many += 1) {
    socket.send(datagrams[sent % datagrams.length] ?? Buffer.alloc(0), Number(port), address)
    sent += 1
  }
  if (elapsed < Number(seconds) * 1000) setTimeout(burst, 2)
  else {
    console.log(JSON.stringify({ sent, seconds: elapsed / 1000 }))
    socket.close()
  }
}
burst()
