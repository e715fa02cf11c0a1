/** What makes two checks the same one, and what a person calls it. */
import { type Endpoint, formatEndpoint, formatIp } from '../base/ip.js'
import type { Port } from '../base/units.js'
import type { CheckConfig } from '../config/check.js'
import { subjectOf } from './subject.js'

export interface CheckIdentity {
  /** Equal for equal checks of the same address and port: such a check runs once, whoever asks for it. */
  readonly key: string
  /** Where it goes: the real server's address, with the check's own port where it gives one. */
  readonly target: Endpoint
  /** What a person calls it. */
  readonly subject: string
}

const hostPort = 0 as Port

export function identify(check: CheckConfig, server: Endpoint): CheckIdentity {
  // A host has no ports: however many servers are on it, it is asked once.
  const port = check.type === 'icmp' ? hostPort : (check.port ?? server.port)
  const target = { address: server.address, port }
  return { key: `${formatEndpoint(target)} ${textOf(check)}`, target, subject: subjectOf(check, target) }
}

/** Of each check once: thousands of servers may have the same. */
const texts = new WeakMap<CheckConfig, string>()

function textOf(check: CheckConfig): string {
  const known = texts.get(check)
  if (known !== undefined) return known
  // The port is in the target already: a check that names the server's own port is the same check.
  const { port: _, bind, ...rest } = check
  const text = canonical({ ...rest, bind: bind && formatIp(bind) })
  texts.set(check, text)
  return text
}

/** JSON with sorted keys; absent and undefined are the same. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`
}
