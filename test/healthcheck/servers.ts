/** Real servers on 127.0.0.1, each bad in its own way. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Endpoint } from '../../src/base/ip.js'
import { endpoint } from './samples.js'

export interface TestServer {
  readonly target: Endpoint
  /** Connections accepted so far. */
  readonly accepted: () => number
  /** Ends every connection and the server. */
  readonly close: () => Promise<void>
}

export type Behaviour = (socket: Socket, request: string) => void

/** Behaves once the request's header is complete. */
export const listen = (behave: Behaviour): Promise<TestServer> => start(behave, true)

/** Behaves as soon as the connection is there. */
export const listenEager = (behave: (socket: Socket) => void): Promise<TestServer> => start(behave, false)

async function start(behave: Behaviour, readsFirst: boolean): Promise<TestServer> {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (!readsFirst) return behave(socket, '')
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      if (head.includes('\r\n\r\n')) return
      head += chunk.toString('latin1')
      if (head.includes('\r\n\r\n')) behave(socket, head)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    target: endpointOf(server),
    accepted: () => accepted,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An address where nothing listens: one that was just given back. */
export async function closedPort(): Promise<Endpoint> {
  const server = await listen(() => {})
  await server.close()
  return server.target
}

/** Writes the same bytes for ever, as fast as they are taken. */
export function pour(socket: Socket, bytes: string): void {
  while (socket.writable && socket.write(bytes));
  if (socket.writable) socket.once('drain', () => pour(socket, bytes))
}

/** A process that listens and never accepts: once its queue is full, connecting gets no answer. */
export async function frozenServer(): Promise<{
  readonly target: Endpoint
  readonly close: () => Promise<void>
}> {
  const source = `
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    target: endpoint(`127.0.0.1:${port.toString()}`),
    close: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function endpointOf(server: Server): Endpoint {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return endpoint(`127.0.0.1:${address.port}`)
}
