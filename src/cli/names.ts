/** `vipair names`, for completion: what the running daemon has, one a line. */
import type { DirectorStatus } from '../base/status.js'
import { printable } from '../config/printable.js'
import { getFromDaemon } from './control-client.js'

export const kindsOfNames = ['routers', 'services', 'servers'] as const
export type KindOfNames = (typeof kindsOfNames)[number]

/** `service`: whose servers. Throws `NoDaemonError`. */
export async function runNames(
  runtimeDir: string,
  kind: KindOfNames,
  service: string | undefined,
  out: (text: string) => void,
): Promise<number> {
  const status = (await getFromDaemon(runtimeDir, '/v1/status')) as DirectorStatus
  for (const name of namesOf(status, kind, service)) out(`${printable(name)}\n`)
  return 0
}

function namesOf(
  { virtualRouters, virtualServices }: DirectorStatus,
  kind: KindOfNames,
  service: string | undefined,
): readonly string[] {
  switch (kind) {
    case 'routers':
      return virtualRouters.map(({ name }) => name)
    case 'services':
      return virtualServices.map(({ name }) => name)
    case 'servers': {
      const found = virtualServices.find(({ name }) => name === service)
      return found?.realServers.map(({ name }) => name) ?? []
    }
  }
}
