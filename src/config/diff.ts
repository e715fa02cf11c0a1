/** What differs between two configurations, by name and key: for `plan` and for a reload. */
import type { Config } from './model.js'
import { type NormalTable, normalForm, ordered } from './normal.js'
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
  | { readonly table: 'pair' | 'sync' | 'ipvs' | 'control' | 'log' }
  | { readonly table: 'director' | 'virtual_router' | 'virtual_service'; readonly name: string }
  | { readonly table: 'real_server'; readonly service: string; readonly name: string }

export interface DiffEntry {
  readonly subject: Subject
  readonly change: 'added' | 'removed' | 'changed'
  /** Of a change; empty for what was added or removed. */
  readonly keys: readonly KeyChange[]
}

/**
 * Everything that differs, in the order: single tables, directors, routers, services each followed by its
 * servers. Empty exactly when the hashes are equal. An added or removed service has no entries for its servers.
 */
export function diff(before: Config, after: Config): readonly DiffEntry[] {
  const old = normalForm(before)
  const now = normalForm(after)
  const entries: DiffEntry[] = []
  for (const table of ['pair', 'sync', 'ipvs', 'control', 'log'] as const) {
    entries.push(...changed({ table }, old[table], now[table]))
  }
  const places = (directors: readonly NormalTable[]) =>
    directors.map((director, i) => ({ ...director, id: i + 1 }))
  entries.push(
    ...named(places(old.director), places(now.director), (name) => ({ table: 'director', name })),
    ...named(old.virtual_router, now.virtual_router, (name) => ({ table: 'virtual_router', name })),
    ...services(old.virtual_service, now.virtual_service),
  )
  return entries
}

function services(old: readonly NormalTable[], now: readonly NormalTable[]): readonly DiffEntry[] {
  const servers = byName(old, serversOf)
  const entries: DiffEntry[] = []
  const own = named(old.map(withoutServers), now.map(withoutServers), (name) => ({
    table: 'virtual_service',
    name,
  }))
  const ownByName = new Map(own.map((entry) => ['name' in entry.subject ? entry.subject.name : '', entry]))
  for (const entry of own) if (entry.change === 'removed') entries.push(entry)
  for (const service of now) {
    const name = String(service.name)
    const entry = ownByName.get(name)
    if (entry) entries.push(entry)
    const before = servers.get(name)
    if (!before) continue
    entries.push(
      ...named(before, serversOf(service), (server) => ({
        table: 'real_server',
        service: name,
        name: server,
      })),
    )
  }
  return entries
}

const isTable = (value: Json | undefined): value is NormalTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const serversOf = ({ real_servers: servers }: NormalTable): readonly NormalTable[] =>
  Array.isArray(servers) ? servers.filter(isTable) : []

function withoutServers({ real_servers: _, ...own }: NormalTable): NormalTable {
  return own
}

function byName<T>(tables: readonly NormalTable[], value: (table: NormalTable) => T): ReadonlyMap<string, T> {
  return new Map(tables.map((table) => [String(table.name), value(table)]))
}

function named(
  old: readonly NormalTable[],
  now: readonly NormalTable[],
  subjectOf: (name: string) => Subject,
): readonly DiffEntry[] {
  const before = byName(old, (table) => table)
  const after = byName(now, (table) => table)
  const entries: DiffEntry[] = []
  for (const name of before.keys()) {
    if (!after.has(name)) entries.push({ subject: subjectOf(name), change: 'removed', keys: [] })
  }
  for (const [name, table] of after) {
    const previous = before.get(name)
    if (previous) entries.push(...changed(subjectOf(name), previous, table))
    else entries.push({ subject: subjectOf(name), change: 'added', keys: [] })
  }
  return entries
}

function changed(subject: Subject, old: NormalTable, now: NormalTable): readonly DiffEntry[] {
  const keys = keyChanges('', old, now)
  return keys.length === 0 ? [] : [{ subject, change: 'changed', keys }]
}

function keyChanges(prefix: string, old: NormalTable, now: NormalTable): readonly KeyChange[] {
  const changes: KeyChange[] = []
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const key = prefix + name
    const before = lookUp(old, name)
    const after = lookUp(now, name)
    if (isTable(before) && isTable(after)) changes.push(...keyChanges(`${key}.`, before, after))
    else if (!same(before, after)) changes.push({ key, before, after })
  }
  return changes
}

const lookUp = (table: NormalTable, key: string): Json | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : a === b || JSON.stringify(ordered(a)) === JSON.stringify(ordered(b))
