/** What makes two checks the same one, and what a person calls it. */
import { type Endpoint, formatIp } from '../base/ip.js'
import type { Port } from '../base/units.js'
import type { CheckConfig } from '../config/check.js'
import { subjectOf } from './subject.js'
import { type CheckTarget, type ForwardingPath, formatTarget } from './target.js'

export interface CheckIdentity {
  /** Equal for equal checks of the same target: such a check runs once, whoever asks for it. */
  readonly key: string
  /** The check's own address and port, the real server's where it gives none. */
  readonly target: CheckTarget
  /** What a person calls it. */
  readonly subject: string
}

const hostPort = 0 as Port

/** `path`: of a server whose answers come from a virtual address. */
export function identify(check: CheckConfig, server: Endpoint, path?: ForwardingPath): CheckIdentity {
  const target = targetOf(check, server, path)
  const family = 'name' in target ? ` ${target.family}` : ''
  const tunnel = 'virtual' in target && target.tunnel ? ` ${canonical(target.tunnel)}` : ''
  return {
    key: `${formatTarget(target)}${family}${tunnel} ${textOf(check)}`,
    target,
    subject: subjectAt(subjectOf(check, target), check, target),
  }
}

/** Of each check once: thousands of servers may have the same. */
const texts = new WeakMap<CheckConfig, string>()

function textOf(check: CheckConfig): string {
  const known = texts.get(check)
  if (known !== undefined) return known
  // They are in the target already: a check that names the server's own port is the same check.
  const { address: _, port: __, bind, ...rest } = check
  const text = canonical({ ...rest, bind: bind && formatIp(bind) })
  texts.set(check, text)
  return text
}

function targetOf(check: CheckConfig, server: Endpoint, path: ForwardingPath | undefined): CheckTarget {
  const { address, bind } = check
  // A host has no ports: however many servers are on it, it is asked once.
  const port = check.type === 'icmp' ? hostPort : (check.port ?? server.port)
  if (path && check.type === 'tcp' && check.through === 'forwarding') return { ...path, port }
  if (address === undefined) return { address: server.address, port }
  if (!('name' in address)) return { address, port }
  return { name: address.name, port, family: (bind ?? server.address).family, only: bind !== undefined }
}

/** What goes elsewhere says where. */
function subjectAt(subject: string, { address }: CheckConfig, target: CheckTarget): string {
  const place = formatTarget(target)
  return address === undefined || subject.includes(place) ? subject : `${subject} at ${place}`
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
