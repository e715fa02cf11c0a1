/** What differs between two configurations, by name and key: for `plan` and for a reload. */
import type { Config } from './model.js'
import { canonical, type NormalForm, normalForm } from './normal.js'
import type { NormalTable } from './normal-table.js'
import type { Json } from './schema.js'

export interface KeyChange {
  /** In the file's words, within the subject: `garp.count`. */
  readonly key: string
  /** Undefined where the key had or has no value. */
  readonly before: Json | undefined
  readonly after: Json | undefined
}

/** What an entry is about. Servers are entries of their own, so that a service's keys are only its own. */
export type Subject =
  | { readonly table: 'pair' | 'sync' | 'ipvs' | 'healthcheck' | 'control' | 'log' }
  | { readonly table: 'director' | 'virtual_router' | 'virtual_service' | 'hook'; readonly name: string }
  | { readonly table: 'real_server'; readonly service: string; readonly name: string }

export interface DiffEntry {
  readonly subject: Subject
  readonly change: 'added' | 'removed' | 'changed'
  /** Of a change; empty for what was added or removed. */
  readonly keys: readonly KeyChange[]
  /** Of a virtual router: with these it leaves the election and joins it anew. */
  readonly joinsAnew?: true
}

/**
 * Everything that differs, in the order: single tables, directors, routers, hooks, services each followed by its
 * servers. Empty exactly when the hashes are equal. An added or removed service has no entries for its servers.
 */
export function diff(before: Config, after: Config): readonly DiffEntry[] {
  // Services that are the very same object need no look.
  const [known, kept] = [new Set(before.virtualServices), new Set(after.virtualServices)]
  const old = normalForm(
    before,
    before.virtualServices.filter((service) => !kept.has(service)),
  )
  const now = normalForm(
    after,
    after.virtualServices.filter((service) => !known.has(service)),
  )
  return [...differences(old, now)]
}

function* differences(old: NormalForm, now: NormalForm): Generator<DiffEntry> {
  for (const table of ['pair', 'sync', 'ipvs', 'healthcheck', 'control', 'log'] as const) {
    yield* changed({ table }, old[table], now[table])
  }
  yield* named(placed(old.director), placed(now.director), (name) => ({ table: 'director', name }))
  yield* named(old.virtual_router, now.virtual_router, (name) => ({ table: 'virtual_router', name }))
  yield* named(old.hook, now.hook, (name) => ({ table: 'hook', name }))
  yield* services(byName(old.virtual_service), byName(now.virtual_service))
}

/** A director's place in the file is its id. */
const placed = (directors: readonly NormalTable[]): readonly NormalTable[] =>
  directors.map((director, i) => ({ ...director, id: i + 1 }))

function* services(old: Named, now: Named): Generator<DiffEntry> {
  for (const name of old.keys()) {
    if (!now.has(name)) yield { subject: { table: 'virtual_service', name }, change: 'removed', keys: [] }
  }
  for (const [service, table] of now) {
    const before = old.get(service)
    const subject: Subject = { table: 'virtual_service', name: service }
    if (!before) {
      yield { subject, change: 'added', keys: [] }
      continue
    }
    yield* changed(subject, withoutServers(before), withoutServers(table))
    yield* named(serversOf(before), serversOf(table), (name) => ({ table: 'real_server', service, name }))
  }
}

const isTable = (value: Json | undefined): value is NormalTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const serversOf = ({ real_servers: servers }: NormalTable): readonly NormalTable[] =>
  Array.isArray(servers) ? servers.filter(isTable) : []

function withoutServers({ real_servers: _, ...own }: NormalTable): NormalTable {
  return own
}

type Named = ReadonlyMap<string, NormalTable>

const byName = (tables: readonly NormalTable[]): Named =>
  new Map(tables.map((table) => [String(table.name), table]))

function* named(
  old: readonly NormalTable[],
  now: readonly NormalTable[],
  subjectOf: (name: string) => Subject,
): Generator<DiffEntry> {
  const before = byName(old)
  const after = byName(now)
  for (const name of before.keys()) {
    if (!after.has(name)) yield { subject: subjectOf(name), change: 'removed', keys: [] }
  }
  for (const [name, table] of after) {
    const previous = before.get(name)
    if (previous) yield* changed(subjectOf(name), previous, table)
    else yield { subject: subjectOf(name), change: 'added', keys: [] }
  }
}

function* changed(subject: Subject, old: NormalTable, now: NormalTable): Generator<DiffEntry> {
  const keys = [...keyChanges('', old, now)]
  if (keys.length > 0) yield { subject, change: 'changed', keys }
}

function* keyChanges(prefix: string, old: NormalTable, now: NormalTable): Generator<KeyChange> {
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const key = prefix + name
    const before = lookUp(old, name)
    const after = lookUp(now, name)
    if (isTable(before) && isTable(after)) yield* keyChanges(`${key}.`, before, after)
    else if (!same(before, after)) yield { key, before, after }
  }
}

const lookUp = (table: NormalTable, key: string): Json | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a === b || canonical(a) === canonical(b)
