/**
 * The service behind the virtual address on one director, which outlives what is measured there: answers
 * UDP and TCP with the director's name, and says when the interface gains or loses the address.
 * Usage: responder NAME
 */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { virtualAddress } from '../../lab/addresses.js'
import { claimRealtime } from '../../src/platform/scheduling.js'
import { servicePorts } from './lines.js'
import { monotonic } from './monotonic.js'

const lookEvery = 5
const name = process.argv[2] ?? 'nobody'

// Bound to the address itself, which the namespace permits before it is there: the answer's source.
const udp = createSocket('udp4')
udp.on('error', (error) => console.error(error.message))
udp.on('message', (message, from) => udp.send(`${message} ${name}`, from.port, from.address, () => {}))

const tcp = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.on('data', () => socket.write(name))
})

let held = false
function look(): void {
  const holds = (networkInterfaces().eth0 ?? []).some(({ address }) => address === virtualAddress)
  if (holds === held) return
  held = holds
  process.stdout.write(`${JSON.stringify({ at: monotonic(), holds })}\n`)
}

claimRealtime(20)
tcp.listen(servicePorts.tcp, virtualAddress, 4096, () => {
  udp.bind(servicePorts.udp, virtualAddress, () => {
    process.stdout.write(`${JSON.stringify({ at: monotonic(), holds: false })}\n`)
    setInterval(look, lookEvery)
  })
})
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
