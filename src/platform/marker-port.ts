/** Short TCP connections to an address of this machine, each reset as soon as it stands. */
import { connect, createServer } from 'node:net'
import { type Endpoint, formatIp } from '../base/ip.js'
import type { MarkerPort } from '../base/ports.js'
import { OpError } from '../base/result.js'

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.message

/** Listens on `at`; what fails is told to `onError`, once until it works again. */
export function openMarkerPort(at: Endpoint, onError: (error: OpError) => void): MarkerPort {
  const host = formatIp(at.address)
  let failed = false
  const fail = (op: string) => (error: Error) => {
    if (failed) return
    failed = true
    onError(new OpError(op, `${host}:${at.port}`, codeOf(error)))
  }
  const server = createServer((socket) => {
    // The other end resets it.
    socket.on('error', () => {})
    socket.resume()
  })
  server.on('error', fail('listen'))
  server.listen(at.port, host)
  let closed = false
  return {
    open(then) {
      if (closed) return
      const socket = connect({ host, port: at.port })
      socket.on('error', fail('connect'))
      socket.once('connect', () => {
        failed = false
        const { localPort } = socket
        socket.resetAndDestroy()
        if (localPort !== undefined && !closed) then(localPort)
      })
    },
    close() {
      closed = true
      server.close()
    },
  }
}
