/**
 * A real server that listens on the virtual addresses themselves, so that its UDP answers bear them too: TCP lines
 * and UDP datagrams come back behind its name. Usage: vip-echo NAME ADDRESS/PORT …
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { onLines } from './lines.js'

const [name = 'server', ...places] = process.argv.slice(2)
for (const place of places) {
  const [address = '', digits] = place.split('/')
  const port = Number(digits)
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  udp.on('message', (message, from) => udp.send(`${name} ${message}`, from.port, from.address))
  udp.bind(port, address)
  await once(udp, 'listening')
  const tcp = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    onLines(socket, (line) => socket.write(`${name} ${line}\n`))
  })
  tcp.listen(port, address)
  await once(tcp, 'listening')
}
console.log('ready')
