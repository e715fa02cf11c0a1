/**
 * The client: a new TCP connection with a request each --tcp-every ms, a UDP request each --udp-every ms, and
 * --sessions long sessions. Says how it goes as JSON lines, each 250 ms. On standard input `mark NAME` closes
 * the present window and opens another; `reopen` replaces sessions that have ended.
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { ports, virtualAddress } from '../addresses.js'
import { onLines } from '../lines.js'
import { Flow } from './flow.js'
import type { LoadLine, SessionsReport, WindowReport } from './report.js'
import { Session } from './session.js'

const { values } = parseArgs({
  options: {
    'tcp-every': { type: 'string', default: '10' },
    'udp-every': { type: 'string', default: '20' },
    sessions: { type: 'string', default: '100' },
    'line-every': { type: 'string', default: '500' },
    'time-limit': { type: 'string', default: '200' },
  },
})
const timeLimit = Number(values['time-limit'])
const now = (): number => performance.now()

interface Window {
  readonly name: string
  readonly from: number
  readonly tcp: Flow
  readonly udp: Flow
  stall: number
}
let current: Window = { name: 'start', from: now(), tcp: new Flow(now()), udp: new Flow(now()), stall: 0 }
const sessions: Session[] = []

/** Settles one request exactly once: answered by a server, or lost. */
function request(kind: 'tcp' | 'udp'): {
  answered: (server: string) => void
  lost: () => void
  done: boolean
} {
  const flow = current[kind]
  flow.sent()
  const self = {
    done: false,
    answered(server: string): void {
      if (self.done) return
      self.done = true
      flow.answered(server)
      current[kind].heard(now())
    },
    lost(): void {
      if (self.done) return
      self.done = true
      flow.lost()
    },
  }
  return self
}

function requestTcp(): void {
  const outcome = request('tcp')
  let answer = ''
  const socket = connect({ host: virtualAddress, port: ports.http, noDelay: true })
  const limit = setTimeout(() => socket.destroy(), timeLimit)
  socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: lab\r\n\r\n'))
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1')
    const end = answer.indexOf('\r\n\r\n')
    if (end >= 0 && answer.endsWith('\n') && answer.length > end + 4)
      outcome.answered(answer.slice(end + 4, -1))
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    clearTimeout(limit)
    outcome.lost()
  })
}

// A socket for each: IPVS would keep one client port at one server.
function requestUdp(): void {
  const outcome = request('udp')
  const socket = createSocket('udp4')
  const close = (): void => {
    clearTimeout(limit)
    outcome.lost()
    socket.close()
  }
  const limit = setTimeout(close, timeLimit)
  socket.on('error', () => {})
  socket.on('message', (message) => {
    outcome.answered(message.toString().split(' ')[0] ?? '')
    close()
  })
  socket.send('hello', ports.echo, virtualAddress)
}

function sessionsReport(since: number): SessionsReport {
  const reasons: Record<string, number> = {}
  const perServer: Record<string, number> = {}
  const count = (some: readonly Session[]): { total: number; alive: number; ended: number } => ({
    total: some.length,
    alive: some.filter((session) => session.ended === undefined && session.provenAt >= since).length,
    ended: some.filter((session) => session.ended !== undefined).length,
  })
  for (const { ended, server } of sessions) {
    if (ended !== undefined) reasons[ended] = (reasons[ended] ?? 0) + 1
    else if (server !== '') perServer[server] = (perServer[server] ?? 0) + 1
  }
  const older = sessions.filter(({ openedAt }) => openedAt !== undefined && openedAt <= since - 3000)
  return { ...count(sessions), older: count(older), reasons, perServer }
}

const report = (window: Window): WindowReport => ({
  name: window.name,
  elapsed: Math.round(now() - window.from),
  tcp: window.tcp.report(now()),
  udp: window.udp.report(now()),
  sessions: sessionsReport(window.from),
  stall: Math.round(window.stall),
})

const say = (line: LoadLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

function mark(name: string): void {
  const closing = current
  const closed = report(closing)
  current = {
    name,
    from: now(),
    tcp: new Flow(closing.tcp.lastAnswer),
    udp: new Flow(closing.udp.lastAnswer),
    stall: 0,
  }
  setTimeout(() => {
    const { tcp, udp } = report(closing)
    const settled = { tcp: { ...tcp, gap: closed.tcp.gap }, udp: { ...udp, gap: closed.udp.gap } }
    say({ type: 'window', window: { ...closed, ...settled } })
  }, timeLimit + 50)
}

/** Calls back at a steady pace and notes how late it was; after a stall it does not catch up. */
function every(interval: number, call: () => void): void {
  if (interval <= 0) return
  let due = now() + interval
  const tick = (): void => {
    current.stall = Math.max(current.stall, now() - due)
    due = Math.max(due + interval, now())
    call()
    setTimeout(tick, due - now())
  }
  setTimeout(tick, interval)
}

function reopen(): void {
  for (const [index, { ended }] of sessions.entries()) {
    if (ended !== undefined) sessions[index] = new Session(virtualAddress, ports.echo, now)
  }
}

const wanted = Number(values.sessions)
for (let index = 0; index < wanted; index += 1) {
  setTimeout(() => sessions.push(new Session(virtualAddress, ports.echo, now)), index * 5)
}
if (wanted > 0) {
  let next = 0
  every(Number(values['line-every']) / wanted, () => {
    sessions[next]?.say(now())
    next = (next + 1) % wanted
  })
}
every(Number(values['tcp-every']), requestTcp)
every(Number(values['udp-every']), requestUdp)
setInterval(() => say({ type: 'report', window: report(current) }), 250)
onLines(process.stdin, (line) => {
  const [command, name = ''] = line.split(' ')
  if (command === 'mark') mark(name)
  else if (command === 'reopen') reopen()
})
process.stdin.on('end', () => process.exit(0))
