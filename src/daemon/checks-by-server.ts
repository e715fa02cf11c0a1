/** The checks of each server, as the healthcheck process reported them. Pure. */
import type { CheckStatus } from '../base/status.js'
import type { HealthcheckStatus } from '../healthcheck/runtime.js'
import { healthKey } from './health-key.js'

/** By `healthKey`. */
export type ChecksByServer = ReadonlyMap<string, readonly CheckStatus[]>

export function checksByServer(report: HealthcheckStatus | undefined): ChecksByServer {
  const found = new Map<string, readonly CheckStatus[]>()
  for (const { service, server, checks } of report?.servers ?? []) {
    const key = healthKey(service, server)
    const told = checks.map(({ subject, health, reason, lastReason, lastDuration }) => ({
      subject,
      health,
      reason,
      lastReason: lastReason ?? null,
      lastMilliseconds: lastDuration === undefined ? null : Math.round(lastDuration * 10) / 10,
    }))
    found.set(key, [...(found.get(key) ?? []), ...told])
  }
  return found
}
