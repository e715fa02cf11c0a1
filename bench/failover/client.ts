/**
 * The client: a UDP request each 2 ms and a new TCP connection with one request each 5 ms, or as often as it
 * is told. A request that is not answered within 200 ms is lost. Says what became of them each 50 ms.
 * Usage: client [UDP-EVERY TCP-EVERY]
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { virtualAddress } from '../../lab/addresses.js'
import { claimRealtime } from '../../src/platform/scheduling.js'
import { type Kind, type Request, servicePorts } from './lines.js'
import { monotonic } from './monotonic.js'

const [udpEvery = 2, tcpEvery = 5] = process.argv.slice(2).map(Number)
const every = { udp: udpEvery, tcp: tcpEvery } as const
const timeLimit = 200
const sayEvery = 50

const settled: Request[] = []
let stall = 0
let sequence = 0
const waiting = new Map<string, number>()
const udp = createSocket('udp4')
udp.on('error', () => {})
udp.on('message', (message) => {
  const [number = '', by = ''] = message.toString().split(' ')
  const sentAt = waiting.get(number)
  if (sentAt !== undefined && waiting.delete(number))
    settled.push({ kind: 'udp', sentAt, answeredAt: monotonic(), by })
})

function requestUdp(): void {
  const number = String(sequence++)
  waiting.set(number, monotonic())
  udp.send(number, servicePorts.udp, virtualAddress, () => {})
}

function requestTcp(): void {
  const sentAt = monotonic()
  let done = false
  const socket = connect({ host: virtualAddress, port: servicePorts.tcp, noDelay: true })
  const finish = (outcome: Pick<Request, 'answeredAt' | 'by' | 'reset'>): void => {
    if (done) return
    done = true
    clearTimeout(limit)
    settled.push({ kind: 'tcp', sentAt, ...outcome })
    // Without a reset each would keep its port for a minute.
    socket.resetAndDestroy()
  }
  let reset = false
  const limit = setTimeout(() => finish(reset ? { reset } : {}), timeLimit)
  socket.on('connect', () => socket.write('?'))
  socket.on('data', (name) => finish({ answeredAt: monotonic(), by: name.toString() }))
  // Settled with its time all the same, as if nothing had come.
  socket.on('error', (error) => {
    reset = 'code' in error && error.code === 'ECONNRESET'
  })
}

/** Keeps the pace; after a stall it does not catch up. */
function pace(kind: Kind, request: () => void): void {
  let due = monotonic() + every[kind]
  const tick = (): void => {
    const now = monotonic()
    stall = Math.max(stall, now - due)
    due = Math.max(due + every[kind], now)
    request()
    setTimeout(tick, due - monotonic())
  }
  setTimeout(tick, every[kind])
}

function giveUp(): void {
  const now = monotonic()
  for (const [number, sentAt] of waiting) {
    if (now - sentAt <= timeLimit) return
    waiting.delete(number)
    settled.push({ kind: 'udp', sentAt })
  }
}

claimRealtime(20)
pace('udp', requestUdp)
pace('tcp', requestTcp)
setInterval(() => {
  giveUp()
  process.stdout.write(`${JSON.stringify({ requests: settled.splice(0), stall, at: monotonic() })}\n`)
  stall = 0
}, sayEvery)
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
