/** Servers that others wrote, each as a program of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { formatIp } from '../../src/base/ip.js'
import type { Closable } from './run.js'
import { closedPort } from './servers.js'

/** Answers once something accepts connections on the port that the program was told. */
export async function startProgram(
  program: string,
  wordsFor: (port: number) => readonly string[],
): Promise<Closable> {
  const target = await closedPort()
  const child = spawn(program, wordsFor(target.port), { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString()
  })
  let over = false
  const ended = once(child, 'close').finally(() => {
    over = true
  })
  while (!(await accepts(formatIp(target.address), target.port))) {
    if (over) throw new Error(`${program} has ended: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    target,
    close: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
