/**
 * A client that is told what to do, a JSON array a line, and answers each with a line of JSON:
 * `["open", address, port, count]` long TCP sessions that say something now and then; `["udp", address, port]` one UDP
 * flow from one port; `["ask", address, port]` a connection of its own, answering who served it; `["close", server]`
 * the sessions there; `["state"]`.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { onLines } from './lines.js'

export interface FlowsState {
  /** Living sessions by server, and those that ended though nobody closed them. */
  readonly sessions: Readonly<Record<string, number>>
  readonly lost: number
  /** Lines echoed since the last time that the state was asked for, by server. */
  readonly echoed: Readonly<Record<string, number>>
  /** Who answered the UDP flow since then. */
  readonly udp: Readonly<Record<string, number>>
}

const sayInterval = 100
const patience = 5_000

const sessions = new Map<Socket, string>()
let lost = 0
let echoed: Record<string, number> = {}
let answered: Record<string, number> = {}

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}

async function open(host: string, port: number): Promise<void> {
  const socket = createConnection({ host, port, noDelay: true })
  await once(socket, 'connect', { signal: AbortSignal.timeout(patience) })
  const talking = setInterval(() => socket.write('hello\n'), sayInterval)
  const first = new Promise<void>((resolve) => {
    onLines(socket, (line) => {
      const [server = ''] = line.split(' ')
      sessions.set(socket, server)
      count(echoed, server)
      resolve()
    })
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    clearInterval(talking)
    if (sessions.delete(socket)) lost++
  })
  await first
}

async function ask(host: string, port: number): Promise<string> {
  const socket = createConnection({ host, port })
  socket.write('hello\n')
  try {
    const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(patience) })
    return String(data).split(' ')[0] ?? ''
  } finally {
    socket.destroy()
  }
}

function close(server: string): void {
  for (const [socket, name] of sessions)
    if (name === server) {
      sessions.delete(socket)
      socket.end()
    }
}

function udp(host: string, port: number): void {
  const socket = createSocket('udp4')
  socket.on('message', (message) => count(answered, String(message).split(' ')[0] ?? ''))
  socket.on('error', () => {})
  setInterval(() => socket.send('hello', port, host), sayInterval)
}

function state(): FlowsState {
  const living: Record<string, number> = {}
  for (const server of sessions.values()) count(living, server)
  const seen = { sessions: living, lost, echoed, udp: answered }
  echoed = {}
  answered = {}
  return seen
}

async function act([command, ...words]: readonly unknown[]): Promise<unknown> {
  const [host, port] = [String(words[0]), Number(words[1])]
  if (command === 'open') for (let i = 0; i < Number(words[2]); i++) await open(host, port)
  else if (command === 'udp') udp(host, port)
  else if (command === 'ask') return ask(host, port).catch((error: unknown) => `failed: ${error}`)
  else if (command === 'close') close(host)
  else if (command === 'state') return state()
  return true
}

console.log('ready')
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await act(JSON.parse(line))))
