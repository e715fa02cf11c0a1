/** Talks to a running daemon through its control socket. */
import { request } from 'node:http'
import { join } from 'node:path'

export class NoDaemonError extends Error {}

/** Exceeds what a daemon with 30,000 servers answers; anything larger is not our daemon. */
const largestAnswer = 64 * 1024 * 1024
const patience = 5_000

/** GETs `path`; throws `NoDaemonError` when nobody listens there, `Error` when the answer is no answer. */
export function getFromDaemon(runtimeDir: string, path: string): Promise<unknown> {
  const socketPath = join(runtimeDir, 'control.sock')
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: patience }, (response) => {
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
          const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
          if (response.statusCode === 200) resolve(body)
          else
            reject(
              new Error(`${socketPath}: ${path} answered ${response.statusCode}: ${JSON.stringify(body)}`),
            )
        } catch (cause) {
          reject(new Error(`${socketPath}: ${path} did not answer with JSON`, { cause }))
        }
      })
      response.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`${socketPath}: no answer within ${patience / 1000} s`)))
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
        reject(new NoDaemonError(`no daemon listens on ${socketPath}`))
      else if (error.code === 'EACCES')
        reject(new Error(`${socketPath}: permission denied (control.group may help)`))
      else reject(error)
    })
    call.end()
  })
}
