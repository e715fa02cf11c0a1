/**
 * The client: a UDP request each 2 ms and a new TCP connection with one request each 5 ms. A request that is
 * not answered within 200 ms is lost. Says what became of them each 50 ms.
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { virtualAddress } from '../../lab/addresses.js'
import { claimRealtime } from '../../src/platform/scheduling.js'
import { type Kind, type Request, servicePorts } from './lines.js'
import { monotonic } from './monotonic.js'

const every = { udp: 2, tcp: 5 } as const
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
  const finish = (outcome: Pick<Request, 'answeredAt' | 'by'>): void => {
    if (done) return
    done = true
    clearTimeout(limit)
    settled.push({ kind: 'tcp', sentAt, ...outcome })
    // Without a reset each would keep its port for a minute.
    socket.resetAndDestroy()
  }
  const limit = setTimeout(() => finish({}), timeLimit)
  socket.on('connect', () => socket.write('?'))
  socket.on('data', (name) => finish({ answeredAt: monotonic(), by: name.toString() }))
  // Refused or reset: lost, but only settled with its time, as if nothing had come.
  socket.on('error', () => {})
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
