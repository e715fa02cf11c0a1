/** Talks to a running daemon through its control socket. */
import { request } from 'node:http'
import { join } from 'node:path'

export class NoDaemonError extends Error {}

/** Exceeds what a daemon with 30,000 servers answers; anything larger is not our daemon. */
const largestAnswer = 64 * 1024 * 1024
const patience = 5_000

/** A command may wait for the peer, and a reload reads a large file. */
const commandPatience = 30_000

export interface DaemonAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** GETs `path`; throws `NoDaemonError` when nobody listens there, `Error` when the answer is no answer. */
export async function getFromDaemon(runtimeDir: string, path: string): Promise<unknown> {
  const { status, body } = await askDaemon(runtimeDir, 'GET', path, undefined)
  if (status === 200) return body
  throw new Error(`${join(runtimeDir, 'control.sock')}: ${path} answered ${status}: ${JSON.stringify(body)}`)
}

/** Any answer with a JSON object is an answer. Throws `NoDaemonError` when nobody listens, `Error` otherwise. */
export function askDaemon(
  runtimeDir: string,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
): Promise<DaemonAnswer> {
  const socketPath = join(runtimeDir, 'control.sock')
  const timeout = method === 'GET' ? patience : commandPatience
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, timeout }, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > largestAnswer)
          call.destroy(new Error(`${socketPath}: the answer exceeds ${largestAnswer} bytes`))
        else chunks.push(chunk)
      })
      response.on('end', () => {
        try {
          const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
          if (typeof answer !== 'object' || answer === null) throw new Error('not an object')
          resolve({ status: response.statusCode ?? 0, body: { ...answer } })
        } catch (cause) {
          reject(new Error(`${socketPath}: ${path} did not answer with JSON`, { cause }))
        }
      })
      response.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`${socketPath}: no answer within ${timeout / 1000} s`)))
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
        reject(new NoDaemonError(`no daemon listens on ${socketPath}`))
      else if (error.code === 'EACCES')
        reject(new Error(`${socketPath}: permission denied (control.group may help)`))
      else reject(error)
    })
    if (body !== undefined) call.setHeader('content-type', 'application/json')
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
