import { get } from 'node:http'
import type { DirectorStatus } from '../src/base/status.js'

/** Over the socket, not the command: starting Node for each look would disturb what is measured. */
export function readStatus(runtimeFolder: string): Promise<DirectorStatus | undefined> {
  return new Promise((resolve) => {
    const where = { socketPath: `${runtimeFolder}/control.sock`, path: '/v1/status', timeout: 2000 }
    const request = get(where, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(response.statusCode === 200 ? JSON.parse(body) : undefined))
      response.on('error', () => resolve(undefined))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(undefined))
  })
}
