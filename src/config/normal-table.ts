import type { Json } from './schema.js'

/** A table of the normal form. */
export type NormalTable = { readonly [key: string]: Json }

/** Without the keys that have no value. */
export function given(table: Readonly<Record<string, Json | undefined>>): NormalTable {
  const entries: [string, Json][] = []
  for (const [key, value] of Object.entries(table)) if (value !== undefined) entries.push([key, value])
  return Object.fromEntries(entries)
}
