/** The table combinator: known keys, defaults, keys of later versions, and help with unknown ones. */
import { describe, type Node, type Path, type TableNode } from './node.js'
import { quote } from './printable.js'
import type { Report } from './report.js'
import { type Field, type Json, nodeOf, readNode, type Schema, type TableSchema } from './schema.js'
import { nearest } from './suggest.js'

type Fields = Readonly<Record<string, Field<unknown, unknown>>>
type Complete<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer C, unknown> ? C : never
}
type Draft<F extends Fields> = {
  readonly [K in keyof F]?: (F[K] extends Field<unknown, infer D> ? D : never) | undefined
}

export interface TableOptions {
  /** As a person writes it: `[pair]`. */
  readonly title: string
  /** Keys that the documentation names and this version does not implement. */
  readonly later?: readonly string[]
  /** What other programs or other words call a key of this table: `advert_int`. */
  readonly synonyms?: Readonly<Record<string, string>>
}

export interface Table<C, D> extends Schema<C, D> {
  readonly fields: Fields
}

export function table<F extends Fields>(fields: F, options: TableOptions): Table<Complete<F>, Draft<F>> {
  const known = Object.keys(fields)
  const inner = Object.values(fields).flatMap((field) => field.schema.tables ?? [])
  const self: TableSchema = { title: options.title, keys: known, inner }

  function read(node: Node, path: Path, report: Report): Draft<F> | undefined {
    if (node.kind !== 'table') {
      const many = node.kind === 'list' && node.ofTables && options.title.startsWith('[')
      report.error(path, describe(node), {
        expected: 'a table',
        suggestion: many ? options.title : undefined,
      })
      return undefined
    }
    refuseUnknown(node, path, report)
    const draft: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(fields)) {
      const value = node.entries.get(key)?.node ?? standIn(field, key, node, path, report)
      if (value) draft[key] = readNode(field.schema, value, [...path, key], report)
    }
    return draft as Draft<F>
  }

  function standIn(
    field: Field<unknown, unknown>,
    key: string,
    node: TableNode,
    path: Path,
    report: Report,
  ): Node | undefined {
    if (field.fallback !== undefined) return nodeOf(field.fallback, node.offset)
    if (field.required) report.error(path, `${quote(key)} is missing`, { expected: field.schema.expected })
    return undefined
  }

  function refuseUnknown(node: TableNode, path: Path, report: Report): void {
    for (const key of node.entries.keys()) {
      if (Object.hasOwn(fields, key)) continue
      const where = [...path, key]
      if (options.later?.includes(key)) {
        report.error(where, 'not supported by this version', { at: 'key' })
        continue
      }
      const synonyms = options.synonyms ?? {}
      const meant = Object.hasOwn(synonyms, key) ? synonyms[key] : nearest(key, known)
      const homes = report.homes.get(key)?.filter((home) => home !== options.title) ?? []
      report.error(where, 'unknown key', {
        at: 'key',
        suggestion: meant === undefined ? elsewhere(key, homes) : meant,
      })
    }
  }

  return {
    fields,
    expected: `a table with ${known.slice(0, 3).join(', ')}${known.length > 3 ? ' …' : ''}`,
    tables: [self],
    json: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries(fields).map(([key, field]) => [key, describeField(field)]),
      ),
      required: known.filter((key) => fields[key]?.required),
    },
    read,
  }
}

const describeField = (field: Field<unknown, unknown>): Json => ({
  ...field.schema.json,
  description: field.documentation,
  ...(field.fallback === undefined ? {} : { default: field.fallback }),
})

/** What nearly every kind of check has is not told kind by kind. */
const isKindOfCheck = (home: string): boolean => home.endsWith(' check')

function elsewhere(key: string, homes: readonly string[]): string | undefined {
  if (homes.length === 0) return undefined
  const many = homes.filter(isKindOfCheck).length > 2
  const named = many ? [...homes.filter((home) => !isKindOfCheck(home)), 'a check'] : homes
  return `${key} in ${named.join(' or ')}`
}

/** Which tables know a key, over a whole declaration. */
export function keyHomes(schema: Schema<unknown, unknown>): ReadonlyMap<string, readonly string[]> {
  const homes = new Map<string, Set<string>>()
  const visit = (tables: readonly TableSchema[]): void => {
    for (const { title, keys, inner } of tables) {
      for (const key of keys) homes.set(key, (homes.get(key) ?? new Set()).add(title))
      visit(inner)
    }
  }
  visit(schema.tables ?? [])
  return new Map([...homes].map(([key, titles]) => [key, [...titles]]))
}
