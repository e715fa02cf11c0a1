/** A reloaded configuration that shares with the running one whatever did not change. */
import type { Config, VirtualServiceConfig } from './model.js'

/**
 * `after`, in which every service that says the same as one of that name in `before` is that very object:
 * whoever keeps the old one sees by identity what changed.
 */
export function sharing(before: Config, after: Config): Config {
  const known = new Map(before.virtualServices.map((service) => [service.name, service]))
  const virtualServices = after.virtualServices.map((service) => {
    const old = known.get(service.name)
    return old !== undefined && same(old, service) ? old : service
  })
  return { ...after, virtualServices }
}

/** Of plain data: records, lists, byte arrays and what is not made of parts. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || a instanceof Uint8Array) return sameList(a, b)
  if (Array.isArray(b) || b instanceof Uint8Array) return false
  const [mine, theirs] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>]
  for (const key in mine) if (!same(mine[key], theirs[key])) return false
  for (const key in theirs) if (theirs[key] !== undefined && !(key in mine)) return false
  return true
}

function sameList(a: ArrayLike<unknown>, b: object): boolean {
  if (!(Array.isArray(b) || b instanceof Uint8Array)) return false
  if (Array.isArray(a) !== Array.isArray(b) || a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false
  return true
}

/** What a process that has the services of `before` must be told to have those of `after`. */
export interface ServicesUpdate {
  /** Names of all, in order. */
  readonly names: readonly string[]
  readonly changed: readonly VirtualServiceConfig[]
}

type Services = readonly VirtualServiceConfig[]

/** Told apart by identity: see `sharing`. */
export function updateOf(before: Services, after: Services): ServicesUpdate {
  const known = new Set(before)
  return { names: after.map(({ name }) => name), changed: after.filter((service) => !known.has(service)) }
}

/** Throws when it speaks of a service that is not there: the two processes do not mean the same. */
export function updated(before: Services, { names, changed }: ServicesUpdate): Services {
  const known = new Map([...before, ...changed].map((service) => [service.name, service]))
  return names.map((name) => {
    const service = known.get(name)
    if (service === undefined) throw new Error(`an update of services without ${name}`)
    return service
  })
}
