import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { parseEndpoint } from '../../src/base/ip.js'
import type { Stream } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import { Reactor } from '../../src/platform/reactor.js'
import { openStream } from '../../src/platform/stream.js'

const endpoint = (text: string) => {
  const parsed = parseEndpoint(text)
  if (!parsed) throw new Error(text)
  return parsed
}

async function serve(behave: (socket: Socket) => void, host = '127.0.0.1') {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    behave(socket)
  }).listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  const target = endpoint(host.includes(':') ? `[${host}]:${address.port}` : `${host}:${address.port}`)
  return { target, close: () => server.close() }
}

describe('platform/stream', () => {
  const reactor = Reactor.open()
  after(() => reactor.close())

  /** Everything that happens until the end, an error, or `enough`. */
  function talk(
    target: ReturnType<typeof endpoint>,
    {
      send,
      source,
      enough = Number.POSITIVE_INFINITY,
    }: { send?: Uint8Array; source?: string; enough?: number },
  ): Promise<{ happened: string[]; received: Buffer; stream: Stream }> {
    return new Promise((resolve) => {
      const happened: string[] = []
      const pieces: Buffer[] = []
      let length = 0
      const done = (what: string) => {
        happened.push(what)
        resolve({ happened, received: Buffer.concat(pieces), stream })
      }
      const from = source === undefined ? undefined : endpoint(`${source}:1`).address
      const stream = openStream(
        reactor,
        { target, source: from },
        {
          onConnected() {
            happened.push('connected')
            if (send) stream.send(send)
          },
          onData(bytes) {
            pieces.push(Buffer.from(bytes))
            length += bytes.length
            if (length >= enough) done('enough')
          },
          onEnd: () => done('end'),
          onError: (code) => done(code),
        },
      )
    })
  }

  for (const host of ['127.0.0.1', '::1']) {
    it(`sends and receives more than any buffer holds, then the end (${host})`, async () => {
      const sent = Buffer.alloc(4_000_000, 'abcdefg')
      const server = await serve((socket) => {
        let seen = 0
        socket.on('data', (chunk: Buffer) => {
          socket.write(chunk)
          seen += chunk.length
          if (seen === sent.length) socket.end()
        })
      }, host)
      const { happened, received, stream } = await talk(server.target, { send: sent })
      stream.close()
      server.close()
      assert.deepEqual(happened, ['connected', 'end'])
      assert.ok(received.equals(sent))
    })
  }

  it('comes from the address that it is given', async () => {
    const server = await serve((socket) => socket.end(socket.remoteAddress ?? ''))
    const { received, stream } = await talk(server.target, { source: '127.0.0.9' })
    stream.reset()
    server.close()
    assert.equal(received.toString(), '127.0.0.9')
  })

  it('names what is wrong: refused, reset, no such source', async () => {
    const server = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const reset = await talk(server.target, { send: Buffer.from('x') })
    reset.stream.reset()
    assert.deepEqual(reset.happened, ['connected', 'ECONNRESET'])
    server.close()
    const refused = await talk(server.target, {})
    refused.stream.reset()
    assert.deepEqual(refused.happened, ['ECONNREFUSED'])
    const source = endpoint('192.0.2.1:1').address
    const none = { onConnected() {}, onData() {}, onEnd() {}, onError() {} }
    assert.throws(
      () => openStream(reactor, { target: server.target, source }, none),
      (error) => error instanceof OpError && error.code === 'EADDRNOTAVAIL',
    )
  })

  it('is silent once it was reset, from within a handler too, and may be ended twice', async () => {
    let other = ''
    const server = await serve((socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        other = error.code ?? ''
      })
      socket.on('data', () => {})
      socket.write('hello')
    })
    const { happened, stream } = await talk(server.target, { enough: 5 })
    stream.reset()
    stream.reset()
    stream.close()
    stream.send(Buffer.from('x'))
    while (other === '') await new Promise((resolve) => setImmediate(resolve))
    server.close()
    assert.deepEqual(happened, ['connected', 'enough'])
    assert.equal(other, 'ECONNRESET')
  })
})
