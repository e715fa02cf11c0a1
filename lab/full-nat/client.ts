/**
 * Long sessions to the virtual address from two addresses of the client: `--plain` of TCP and of UDP with ports
 * of their own, and `--colliding` of each from both addresses with one port to one server. One TCP session in
 * four only listens. Each 250 ms it says what became of them as a JSON line; on standard input `mark` asks for a
 * new proof of life from each, and `open N` opens N colliding pairs more, TCP.
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { frontAddress, pinnedPort, ports, secondClient, virtualAddress } from '../addresses.js'
import { onLines } from '../lines.js'
import type { SessionsSeen } from './report.js'

const { values } = parseArgs({ options: { plain: { type: 'string' }, colliding: { type: 'string' } } })
const clients = [frontAddress('client'), secondClient]
const beat = 300

interface Session {
  readonly name: string
  /** When the latest answer to something said after it was heard. */
  provenAt: number
  /** As the server sees the client; must never change. */
  seenAs: string
  ended: string | undefined
}

const sessions: Session[] = []
const now = (): number => performance.now()
let marked = 0

function session(name: string): Session {
  const made: Session = { name, provenAt: -1, seenAs: '', ended: undefined }
  sessions.push(made)
  return made
}

/** The server repeats what it is told, behind its own name and the client's address as it sees it. */
function hear(one: Session, said: string): void {
  const [, seenAs = '', sentAt] = said.split(' ')
  if (one.seenAs !== '' && one.seenAs !== seenAs) one.ended ??= `seen as ${seenAs}, was ${one.seenAs}`
  one.seenAs = seenAs
  one.provenAt = Math.max(one.provenAt, Number(sentAt))
}

/** With `listens` only the server speaks once the session is open. */
function openTcp(localAddress: string, localPort: number, port: number, listens: boolean): void {
  const one = session(`tcp ${localAddress}:${localPort}${listens ? ' listening' : ''}`)
  const socket = connect({ host: virtualAddress, port, localAddress, localPort, noDelay: true })
  socket.on('connect', () => {
    if (listens) socket.write(`push ${beat}\n`)
    else setInterval(() => socket.write(`who ${now()}\n`), beat)
  })
  onLines(socket, (line) => hear(one, listens ? `${line} ${now()}` : line))
  socket.on('error', (error) => {
    one.ended ??= error.message
  })
  socket.on('close', () => {
    one.ended ??= 'closed by the server'
  })
}

function openUdp(address: string, localPort: number, port: number): void {
  const one = session(`udp ${address}:${localPort}`)
  const socket = createSocket('udp4')
  socket.on('error', (error) => {
    one.ended ??= error.message
  })
  socket.on('message', (message) => hear(one, message.toString()))
  socket.bind(localPort, address, () =>
    socket.connect(port, virtualAddress, () =>
      setInterval(() => socket.send(`who ${now()}`, () => {}), beat),
    ),
  )
}

let nextPort = 20_000
function openPairs(count: number): void {
  for (let made = 0; made < count; made++) {
    nextPort += 1
    for (const client of clients) openTcp(client, nextPort, pinnedPort, false)
  }
}

for (let made = 0; made < Number(values.plain); made++) {
  openTcp(frontAddress('client'), 30_000 + made, ports.echo, made % 4 === 3)
  openUdp(frontAddress('client'), 30_000 + made, ports.echo)
}
openPairs(Number(values.colliding))
for (let made = 0; made < Number(values.colliding); made++)
  for (const client of clients) openUdp(client, 40_000 + made, pinnedPort)

setInterval(() => {
  const seen: SessionsSeen = {
    marked,
    total: sessions.length,
    alive: sessions.filter(({ provenAt, ended }) => ended === undefined && provenAt >= marked).length,
    silent: sessions
      .filter(({ provenAt, ended }) => ended === undefined && provenAt < marked)
      .map(({ name }) => name),
    ended: sessions.filter(({ ended }) => ended !== undefined).map(({ name, ended }) => `${name}: ${ended}`),
    otherPorts: sessions.filter(
      ({ name, seenAs }) => seenAs !== '' && !name.includes(`${seenAs.slice(seenAs.lastIndexOf(':'))}`),
    ).length,
  }
  process.stdout.write(`${JSON.stringify(seen)}\n`)
}, 250)
onLines(process.stdin, (line) => {
  const [command, count] = line.split(' ')
  if (command === 'mark') marked = now()
  else if (command === 'open') openPairs(Number(count))
})
process.stdin.on('end', () => process.exit(0))
