/** A thread that advertises over UDP while the thread of the test stands still. */
import { createSocket } from 'node:dgram'
import { workerData } from 'node:worker_threads'

const { port, message } = workerData as { port: number; message: Uint8Array }
const socket = createSocket('udp4')
setInterval(() => socket.send(message, port, '127.0.0.1'), 50)
