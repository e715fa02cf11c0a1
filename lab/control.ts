import { request } from 'node:http'

/** Over the socket, not the command: the answer comes the moment that the daemon has acted. */
export function command(runtimeFolder: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const where = { socketPath: `${runtimeFolder}/control.sock`, path, method: 'POST', timeout: 60_000 }
    const asked = request(where, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(body))
        else reject(new Error(`${path}: ${response.statusCode} ${body}`))
      })
      response.on('error', reject)
    })
    asked.on('timeout', () => asked.destroy(new Error(`${path}: no answer`)))
    asked.on('error', reject)
    asked.end('{}')
  })
}
