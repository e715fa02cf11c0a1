/** Services that are not what their users need. Pure. */
import type { VirtualServiceStatus } from '../base/status.js'

/** Services named one by one; a dead switch may take hundreds with it. */
const mostNamed = 20

export function serviceWarnings(services: readonly VirtualServiceStatus[]): readonly string[] {
  const found = services.flatMap(warningsOf)
  return found.length > mostNamed
    ? [...found.slice(0, mostNamed), `${found.length - mostNamed} more services have a warning`]
    : found
}

function warningsOf(service: VirtualServiceStatus): readonly string[] {
  return [...panicWarning(service), ...quorumWarning(service)]
}

function panicWarning({ name, panic, realServers }: VirtualServiceStatus): readonly string[] {
  if (panic === null) return []
  const { suspects, secondsLeft } = panic
  const reason = realServers.find((server) => server.name === suspects[0])?.reason ?? 'no reason known'
  const then = secondsLeft === null ? '' : `, believed in ${Math.ceil(secondsLeft)} s`
  return [
    `${name}: PANIC: ${suspects.length} servers failed at once and are served on${then}: look at the check and ` +
      `the network, or disable those that are dead (${suspects[0]}: ${reason})`,
  ]
}

function quorumWarning({ name, quorum, sorryServer }: VirtualServiceStatus): readonly string[] {
  if (quorum === null || quorum.reached) return []
  const { have, needed } = quorum
  const then = sorryServer ? 'the sorry server stands in' : have > 0 ? 'they serve on' : 'nobody serves'
  return [`${name}: no quorum: the servers that are up weigh ${have}, ${needed} needed; ${then}`]
}
