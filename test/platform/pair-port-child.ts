/** Inherits one socket of the pair port as descriptor 4 and tells its parent what arrives there. */
import { openDatagramSocket } from '../../src/platform/datagram-socket.js'
import { Reactor } from '../../src/platform/reactor.js'

const reactor = Reactor.open()
const socket = openDatagramSocket(
  reactor,
  { family: 4, fd: 4 },
  {
    onDatagram: ({ payload, source, sourcePort }) => {
      process.send?.([...payload])
      socket.send(payload, source, sourcePort)
    },
    onError: (error) => {
      throw error
    },
  },
)
process.send?.('ready')
process.once('disconnect', () => socket.close())
