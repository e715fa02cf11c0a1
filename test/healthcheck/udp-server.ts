/** A UDP server on 127.0.0.1 that behaves as a test wants it to. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import type { Closable } from './run.js'
import { endpoint } from './samples.js'

export type Answer = (bytes: Uint8Array) => void

export async function listenUdp(
  behave: (datagram: Buffer, answer: Answer, from: RemoteInfo) => void,
  address = '127.0.0.1',
): Promise<Closable> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (datagram, from) => {
    behave(datagram, (bytes) => socket.send(bytes, from.port, from.address, () => {}), from)
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  return {
    target: endpoint(`${address.includes(':') ? `[${address}]` : address}:${socket.address().port}`),
    close: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

/** An address where nothing listens: one that was just given back. */
export async function closedUdpPort() {
  const server = await listenUdp(() => {})
  await server.close()
  return server.target
}
