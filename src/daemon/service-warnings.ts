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

function warningsOf({ name, quorum, sorryServer }: VirtualServiceStatus): readonly string[] {
  if (quorum === null || quorum.reached) return []
  const { have, needed } = quorum
  const then = sorryServer ? 'the sorry server stands in' : have > 0 ? 'they serve on' : 'nobody serves'
  return [`${name}: no quorum: the servers that are up weigh ${have}, ${needed} needed; ${then}`]
}
