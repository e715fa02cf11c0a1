/** One run of a check with the timeout that it asks for. */
import type { Endpoint } from '../../src/base/ip.js'
import { millis } from '../../src/base/units.js'
import type { CheckConfig } from '../../src/config/check.js'
import { checkerWith } from '../../src/healthcheck/checkers/run-check.js'
import type { Outcome } from '../../src/healthcheck/outcome.js'
import { checkTools } from '../../src/platform/check-tools.js'
import { Reactor } from '../../src/platform/reactor.js'

/** Long enough that only a server which never answers reaches it, and short enough to wait for. */
export const patient = millis(20_000)
export const brief = millis(400)

export const common = {
  interval: millis(1_000),
  fastInterval: undefined,
  timeout: patient,
  rise: 2,
  fall: 3,
  address: undefined,
  port: undefined,
  bind: undefined,
}

/** With the tools of this machine, as the process has them. */
export const runCheck = checkerWith(checkTools(Reactor.open()))

export const run = (check: CheckConfig, target: Endpoint): Promise<Outcome> =>
  runCheck(check, target, AbortSignal.timeout(check.timeout))

export interface Closable {
  readonly target: Endpoint
  readonly close: () => Promise<void>
}

/** One run, after which the server is closed. */
export async function against(server: Closable, check: CheckConfig): Promise<Outcome> {
  try {
    return await run(check, server.target)
  } finally {
    await server.close()
  }
}
