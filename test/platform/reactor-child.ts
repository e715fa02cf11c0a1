/** A process with an open reactor and a watched socket that ends in the way its argument names. */
import { int32, libc, openSocket, socketAddress } from '../../src/platform/libc.js'
import { AF, EPOLLIN, SOCK } from '../../src/platform/linux.js'
import { Reactor } from '../../src/platform/reactor.js'

const reactor = Reactor.open()
const address = socketAddress(Uint8Array.of(127, 0, 0, 1), 0)
const fd = openSocket('child', [AF.INET, SOCK.DGRAM, 0], (opened) => {
  libc.bind(opened, address, address.length)
})
const buffer = new Uint8Array(64)
const watch = reactor.watch(fd, EPOLLIN, () => {
  libc.recv(fd, buffer, buffer.length, 0)
  if (process.argv[2] === 'throw-in-handler') throw new Error('thrown by a handler')
})

function sendToSelf(): void {
  const name = new Uint8Array(16)
  libc.getsockname(fd, name, int32(name.length))
  libc.sendto(fd, Uint8Array.of(1), 1, 0, name, name.length)
}

switch (process.argv[2]) {
  case 'exit':
    setTimeout(() => process.exit(7), 50)
    break
  case 'throw':
    setTimeout(() => {
      throw new Error('thrown by a timer')
    }, 50)
    break
  case 'throw-in-handler':
    setTimeout(sendToSelf, 50)
    break
  case 'empty':
    setTimeout(() => {
      watch.close()
      libc.close(fd)
    }, 50)
    break
  default:
    throw new Error(`unknown way to end: ${process.argv[2]}`)
}
