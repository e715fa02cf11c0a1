/** Real servers that speak TLS on 127.0.0.1. */
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { endpoint } from './samples.js'
import type { TestServer } from './servers.js'

/** Behaves once the request's header is complete, or with `eager` as soon as the handshake is. */
export async function listenTls(
  options: TlsOptions,
  behave: (socket: TLSSocket, request: string) => void,
  { eager = false }: { readonly eager?: boolean } = {},
): Promise<TestServer> {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer(options, (socket) => {
    if (eager) return behave(socket, '')
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      if (head.includes('\r\n\r\n')) return
      head += chunk.toString('latin1')
      if (head.includes('\r\n\r\n')) behave(socket, head)
    })
  })
  server.on('connection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('secureConnection', (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    target: endpoint(`127.0.0.1:${(server.address() as AddressInfo).port}`),
    accepted: () => accepted,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
