/** Routes and rules with vipair's mark that no router of the file has: those of a daemon that ended without leaving. */
import { formatPrefix } from '../base/ip.js'
import type { Log, RouteSpec, Routing, RuleSpec } from '../base/ports.js'
import type { VirtualRoute, VirtualRouterConfig } from '../config/model.js'
import { keyOfRoute, keyOfRule } from '../vrrp/holdings.js'

/** Removes these; answers what it removed, one text each. */
export async function removeMarked(
  routing: Routing,
  wanted: readonly Pick<VirtualRouterConfig, 'routes' | 'rules'>[] = [],
): Promise<readonly string[]> {
  const found = await routing.readOwn()
  const routes = wanted.flatMap((router) => router.routes)
  const rules = new Set(wanted.flatMap((router) => router.rules).map(keyOfRule))
  const straysOfRules = found.rules.filter((rule) => !rules.has(keyOfRule(rule)))
  const straysOfRoutes = found.routes.filter((route) => !routes.some((one) => isOne(route, one)))
  await Promise.all([
    ...straysOfRules.map((rule) => confirmed((done) => routing.removeRule(rule, done))),
    ...straysOfRoutes.map((route) => confirmed((done) => routing.removeRoute(route, done))),
  ])
  return [
    ...straysOfRules.map((rule) => `rule ${textOfRule(rule)}`),
    ...straysOfRoutes.map((route) => `route ${textOfRoute(route)}`),
  ]
}

/** At a start, beside the routers: what they want is theirs to keep or to remove. */
export function sweepLeftovers(
  routing: Routing,
  routers: readonly VirtualRouterConfig[],
  log: Pick<Log, 'warn'>,
): void {
  removeMarked(routing, routers).then(
    (removed) => {
      for (const text of removed) log.warn(`removed ${text}: a daemon before this one left it`)
    },
    (error: unknown) =>
      log.warn(`cannot look for leftovers: ${error instanceof Error ? error.message : String(error)}`),
  )
}

/** The kernel has found the interface of a route that names none. */
const isOne = (found: RouteSpec, { interface: _, ...wanted }: VirtualRoute): boolean =>
  keyOfRoute({ ...found, interfaceIndex: undefined }) === keyOfRoute({ ...wanted, interfaceIndex: undefined })

const textOfRoute = ({ to, table }: RouteSpec): string => `${formatPrefix(to)} of table ${table}`
const textOfRule = ({ priority, table }: RuleSpec): string => `${priority} to table ${table}`

const confirmed = (remove: (done: (error: Error | undefined) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => remove((error) => (error ? reject(error) : resolve())))
