import { get } from 'node:http'

/** What `vipair status --json` says, as far as scenarios look at it. */
export interface DirectorStatus {
  readonly director: string
  readonly peer?: {
    readonly name: string
    readonly reachable: boolean
    readonly keyMatches?: boolean | null
  } | null
  readonly virtualRouters: readonly {
    readonly name: string
    readonly state: 'initialize' | 'backup' | 'active' | 'fault' | 'maintenance'
    readonly reason: string
    readonly active?: string | null
    readonly advertisements: { readonly discarded: Readonly<Record<string, number>> }
  }[]
  readonly virtualServices: readonly {
    readonly name: string
    readonly realServers: readonly {
      readonly name: string
      readonly address: string
      readonly health: 'unknown' | 'healthy' | 'unhealthy'
    }[]
  }[]
  readonly sync: { readonly discarded: Readonly<Record<string, number>> }
  readonly processes: readonly {
    readonly name: string
    readonly pid: number | null
    readonly restarts: number
  }[]
  readonly warnings: readonly string[]
}

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
