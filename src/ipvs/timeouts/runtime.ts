/** Keeps the kernel's timeouts of idle connections what the file names. */
import type { Log } from '../../base/ports.js'
import { OpError } from '../../base/result.js'
import type { IpvsConfig } from '../../config/model.js'
import type { IpvsClient } from '../client.js'
import { describeTimeouts, namesTimeouts, timeoutsToSet } from '../timeouts.js'

/** Answers failures, which stand in nobody's way. */
export async function keepTimeouts(
  client: IpvsClient,
  timeouts: IpvsConfig['timeouts'],
  log: Log,
): Promise<readonly OpError[]> {
  if (!namesTimeouts(timeouts)) return []
  try {
    const change = timeoutsToSet(timeouts, await client.readTimeouts())
    if (change === undefined) return []
    await client.setTimeouts(change)
    log.info(`timeouts of idle connections: ${describeTimeouts(change)}`)
    return []
  } catch (error) {
    if (!(error instanceof OpError)) throw error
    return [error]
  }
}
