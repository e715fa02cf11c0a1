/**
 * Asks a service so many times over TCP and over UDP, one after the other, and prints who answered, one JSON
 * object a line: `{ place, protocol, answers: { rs1: 3 }, silent: 0 }`. Usage: ask COUNT ADDRESS/PORT …
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createConnection } from 'node:net'

const patience = 5_000

async function overTcp(address: string, port: number): Promise<string> {
  const socket = createConnection({ host: address, port })
  socket.write('hello\n')
  try {
    const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(patience) })
    return String(data)
  } finally {
    socket.destroy()
  }
}

/** Connected: only the address that was asked may answer. */
async function overUdp(address: string, port: number): Promise<string> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.connect(port, address)
  try {
    await once(socket, 'connect')
    socket.send('hello')
    const [data] = await once(socket, 'message', { signal: AbortSignal.timeout(patience) })
    return String(data)
  } finally {
    socket.close()
  }
}

const [count = '1', ...places] = process.argv.slice(2)
for (const place of places) {
  for (const [protocol, ask] of Object.entries({ tcp: overTcp, udp: overUdp })) {
    const [address = '', port] = place.split('/')
    const answers: Record<string, number> = {}
    let silent = 0
    for (let n = 0; n < Number(count); n++) {
      try {
        const [name = ''] = (await ask(address, Number(port))).split(' ')
        answers[name] = (answers[name] ?? 0) + 1
      } catch {
        silent++
      }
    }
    console.log(JSON.stringify({ place, protocol, answers, silent }))
  }
}
