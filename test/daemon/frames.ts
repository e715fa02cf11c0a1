/** What goes over a test's LAN, as tcpdump prints it with its MAC addresses. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Namespace } from '../platform/namespace.js'
import { until } from './directors.js'

export interface Frames {
  /** One line a frame; those that tcpdump has not printed yet are missing. */
  readonly lines: readonly string[]
  /** Ends it, with everything that it has seen. */
  close(): Promise<readonly string[]>
}

export async function listen(
  namespace: Namespace,
  interfaceName: string,
  filter: string,
  ...options: readonly string[]
): Promise<Frames> {
  const words = ['-l', '-e', '-n', '--immediate-mode', ...options, '-i', interfaceName, filter]
  const dump = namespace.enter(() => spawn('tcpdump', words, { stdio: ['ignore', 'pipe', 'pipe'] }))
  let text = ''
  let said = ''
  dump.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  dump.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await until('tcpdump listens', async () => (said.includes('listening on') ? true : undefined))
  const lines = (): string[] => text.split('\n').filter((line) => line !== '')
  return {
    get lines() {
      return lines()
    },
    async close() {
      const ended = once(dump, 'close')
      dump.kill('SIGINT')
      await ended
      return lines()
    },
  }
}

/** The sender's MAC address of a line. */
export const senderOf = (line: string): string => / (\S+) > /.exec(line)?.[1] ?? ''
