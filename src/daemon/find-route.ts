/** Which handler a request is for. */
import type { IncomingHttpHeaders } from 'node:http'

/** Of a request, what only some handlers want. */
export interface Asked {
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

/**
 * Gets the request's body, an empty object where there is none, and what stands in the path for each `*` of the
 * route, decoded.
 */
export type Handler = (body: unknown, names: readonly string[], asked: Asked) => unknown

/** By method and path; a star stands for one part of the path, and after a `?` at the end a query may follow. */
export type Routes = Readonly<Record<string, Handler>>

export interface Found {
  readonly handler: Handler
  readonly names: readonly string[]
}

/** Undefined: there is none, or a name in the path is badly encoded. */
export function findRoute(routes: Routes, method: string, url: string): Found | undefined {
  const wanted = `${method} ${url}`
  const handler = Object.hasOwn(routes, wanted) ? routes[wanted] : undefined
  if (handler) return { handler, names: [] }
  const open = `${wanted.split('?')[0]}?`
  const queried = Object.hasOwn(routes, open) ? routes[open] : undefined
  if (queried) return { handler: queried, names: [] }
  const parts = wanted.split('/')
  for (const [route, candidate] of Object.entries(routes)) {
    const pattern = route.split('/')
    if (!pattern.includes('*') || pattern.length !== parts.length) continue
    if (!pattern.every((part, i) => (part === '*' ? parts[i] !== '' : part === parts[i]))) continue
    const names = pattern.flatMap((part, i) => (part === '*' ? [decoded(parts[i] ?? '')] : []))
    return names.some((name) => name === undefined)
      ? undefined
      : { handler: candidate, names: names.map(String) }
  }
  return undefined
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
