/**
 * The service behind the virtual address on one director, which outlives what is measured there: answers
 * UDP and TCP with the director's name, and says when the interface gains or loses the address.
 * Usage: responder NAME
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { virtualAddress } from '../../lab/addresses.js'
import { claimRealtime } from '../../src/platform/scheduling.js'
import { servicePorts } from './lines.js'
import { monotonic } from './monotonic.js'

const lookEvery = 5
const warmEvery = 20
const name = process.argv[2] ?? 'nobody'

// Bound to the address itself, which the namespace permits before it is there: the answer's source.
const udp = createSocket('udp4')
udp.on('error', (error) => console.error(error.message))
udp.on('message', (message, from) => answer(udp, message, from))

const answer = (via: Socket, message: Buffer, { port, address }: RemoteInfo): void =>
  via.send(`${message} ${name}`, port, address, () => {})

/** The first answer after a long rest would take milliseconds for the cold code alone: it is kept warm. */
function keepWarm(): void {
  const [asks, answers] = [createSocket('udp4'), createSocket('udp4')]
  answers.on('message', (message, from) => answer(answers, message, from))
  answers.bind(0, '127.0.0.1', () => {
    const { port } = answers.address()
    setInterval(() => asks.send('0', port, '127.0.0.1', () => {}), warmEvery)
  })
}

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
keepWarm()
tcp.listen(servicePorts.tcp, virtualAddress, 4096, () => {
  udp.bind(servicePorts.udp, virtualAddress, () => {
    process.stdout.write(`${JSON.stringify({ at: monotonic(), holds: false })}\n`)
    setInterval(look, lookEvery)
  })
})
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
