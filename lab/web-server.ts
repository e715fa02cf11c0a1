/**
 * A real server: HTTP on port 80 that answers with its name (`/healthz` turns 503 at SIGUSR2 and back at the
 * next), TCP sessions on port 7000 that echo lines, UDP echo on port 7000. `who …` is echoed behind the client's
 * address as it is seen here; after `push MS` a session tells that address by itself, each MS ms.
 * Usage: web-server NAME
 */
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import { ports } from './addresses.js'
import { onLines } from './lines.js'

const name = process.argv[2] ?? 'server'
let healthy = true
process.on('SIGUSR2', () => {
  healthy = !healthy
  console.log(`${name}: /healthz now answers ${healthy ? 200 : 503}`)
})

function respond(request: string): string {
  const [, path] = request.split(' ', 2)
  const status = path === '/healthz' && !healthy ? '503 Service Unavailable' : '200 OK'
  const body = `${name}\n`
  return `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
}

// By hand over net: node:http costs three times as much, and the guest has one CPU.
function serveHttp(socket: Socket): void {
  let request = ''
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    request += chunk.toString('latin1')
    if (request.includes('\r\n\r\n')) socket.end(respond(request))
    else if (request.length > 65536) socket.destroy()
  })
}

function serveEcho(socket: Socket): void {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  const from = `${socket.remoteAddress}:${socket.remotePort}`
  onLines(socket, (line) => {
    const [command, rest = ''] = line.split(' ')
    if (command === 'push') {
      const pushing = setInterval(() => socket.write(`${name} ${from}\n`), Number(rest))
      socket.on('close', () => clearInterval(pushing))
    } else socket.write(command === 'who' ? `${name} ${from} ${rest}\n` : `${name} ${line}\n`)
  })
}

const udp = createSocket('udp4')
udp.on('error', (error) => console.error(`${name}: udp: ${error.message}`))
udp.on('message', (message, from) => {
  const [command, rest = ''] = message.toString().split(' ')
  const answer = command === 'who' ? `${from.address}:${from.port} ${rest}` : message
  udp.send(`${name} ${answer}`, from.port, from.address)
})

createServer(serveHttp).listen(ports.http, () => {
  createServer(serveEcho).listen(ports.echo, () => {
    udp.bind(ports.echo, () => console.log('ready'))
  })
})
