/** Which `http` checks need nothing of a full HTTP client. */
import type { HttpCheckConfig } from '../config/checks/http.js'

/** What the engine on the reactor can do. Any other key that is set, of today or to come, needs the client. */
const known: Readonly<Record<string, true>> = {
  type: true,
  interval: true,
  timeout: true,
  rise: true,
  fall: true,
  fastInterval: true,
  port: true,
  bind: true,
  path: true,
  method: true,
  host: true,
  headers: true,
  status: true,
  body: true,
} satisfies Partial<Record<keyof HttpCheckConfig | 'fastInterval', true>>

/** Headers that change how a message is framed or a connection used (RFC 9110 section 7.6.1). */
const framing = /^(?:connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i
const fieldValue = /^[\t -~\u0080-\u00ff]*$/

export const isPlain = (check: HttpCheckConfig): boolean =>
  Object.entries(check).every(([key, value]) => key in known || value === undefined || value === false) &&
  Object.entries(check.headers).every(([name, value]) => !framing.test(name) && fieldValue.test(value)) &&
  isCanonical(check.path)

/** The client sends a path as URLs normalise it; where that would change it, it is left to the client. */
function isCanonical(path: string): boolean {
  const { pathname, search } = new URL(`http://a${path}`)
  return `${pathname}${search}` === path
}
