/** One line for `systemctl status`: as `vipair status` begins, what is wrong first. Pure. */
import type { DirectorStatus } from '../base/status.js'

/** Characters: a terminal's line has room for little more. */
const longestWarning = 120

export function statusLine(status: DirectorStatus): string {
  const { director, peer, virtualRouters, virtualServices } = status
  const [warning, ...others] = [
    ...status.warnings,
    ...status.processes
      .filter(({ state }) => state !== 'running')
      .map(({ name, restarts }) => `process ${name} is not running (${restarts} restarts)`),
  ]
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  const shown = warning && warning.length > longestWarning ? `${warning.slice(0, longestWarning)}…` : warning
  const servers = virtualServices.flatMap(({ realServers }) => realServers)
  const healthy = servers.filter(({ health }) => health === 'healthy').length
  const unknown = servers.filter(({ health }) => health === 'unknown').length
  const unseen = unknown > 0 ? ` (${unknown} not known yet)` : ''
  const words = [
    ...virtualRouters.map(({ name, state }) => `${name} ${state.toUpperCase()}`),
    ...(peer ? [`peer ${peer.name} ${peer.reachable ? 'reachable' : 'unreachable'}`] : []),
    ...(servers.length > 0 ? [`${healthy} of ${servers.length} servers healthy${unseen}`] : []),
  ]
  return `${director}: ${shown === undefined ? '' : `! ${shown}${more}; `}${words.join(', ')}`
}
