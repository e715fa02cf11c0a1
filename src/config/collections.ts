/** Combinators for lists, maps, short forms and tables told apart by a key. */
import { describe, type Node, type Path, type TableNode } from './node.js'
import { quote } from './printable.js'
import type { Report } from './report.js'
import { readNode, type Schema } from './schema.js'
import { nearest } from './suggest.js'
import type { Table } from './table.js'

/** From `atLeast` to `atMost` elements of one kind. */
export function list<C, D>(
  item: Schema<C, D>,
  options: { readonly expected: string; readonly atLeast: 0 | 1; readonly atMost?: number },
): Schema<readonly C[], readonly (D | undefined)[]> {
  const { expected, atLeast, atMost } = options
  return {
    expected,
    tables: item.tables ?? [],
    json: {
      type: 'array',
      items: item.json,
      minItems: atLeast,
      ...(atMost === undefined ? {} : { maxItems: atMost }),
    },
    read(node, path, report) {
      if (node.kind !== 'list') {
        const title = node.kind === 'table' && expected.startsWith('[[') ? expected : undefined
        report.error(path, describe(node), { expected, suggestion: title })
        return undefined
      }
      if (node.items.length < atLeast) {
        report.error(path, 'the list is empty', { expected })
        return undefined
      }
      if (atMost !== undefined && node.items.length > atMost) {
        report.error([...path, atMost], `${node.items.length} are given`, { expected: `at most ${atMost}` })
      }
      return node.items.map((inner, i) => readNode(item, inner, [...path, i], report))
    },
  }
}

/** One element may stand without its list. */
export function oneOrMany<C, D>(
  item: Schema<C, D>,
  many: Schema<readonly C[], readonly (D | undefined)[]>,
): Schema<readonly C[], readonly (D | undefined)[]> {
  return {
    expected: `${item.expected}, or a list of them`,
    tables: item.tables ?? [],
    json: { anyOf: [item.json, many.json] },
    read(node, path, report) {
      if (node.kind === 'list') return many.read(node, path, report)
      const value = item.read(node, path, report)
      return value === undefined ? undefined : [value]
    },
  }
}

/** A table with free keys. */
export function mapOf<C>(
  value: Schema<C>,
  options: { readonly expected: string; readonly key?: (key: string) => string | undefined },
): Schema<Readonly<Record<string, C>>> {
  return {
    expected: options.expected,
    json: { type: 'object', additionalProperties: value.json },
    read(node, path, report) {
      if (node.kind !== 'table') {
        report.error(path, describe(node), { expected: options.expected })
        return undefined
      }
      const entries: [string, C][] = []
      for (const [key, { node: inner }] of node.entries) {
        const where = [...path, key]
        const wrong = options.key?.(key)
        if (wrong !== undefined) report.error(where, wrong, { at: 'key' })
        const read = readNode(value, inner, where, report)
        if (read !== undefined) entries.push([key, read])
      }
      return Object.fromEntries(entries)
    },
  }
}

/** A string may stand for the table that has only that key. */
export function shortFor<C, D>(whole: Table<C, D>, key: string): Schema<C, D> {
  const field = whole.fields[key]
  const expected = `${field?.schema.expected ?? 'text'}, or ${whole.expected}`
  return {
    expected,
    tables: whole.tables ?? [],
    json: { anyOf: [field?.schema.json ?? {}, whole.json] },
    read(node, path, report) {
      if (node.kind === 'table') return whole.read(node, path, report)
      if (node.kind !== 'string') {
        report.error(path, describe(node), { expected })
        return undefined
      }
      return whole.read({ ...node, kind: 'table', entries: new Map([[key, entryOf(node)]]) }, path, report)
    },
  }
}

const entryOf = (node: Node): { keyOffset: number; node: Node } => ({ keyOffset: node.offset, node })

/** Tables told apart by the text under `key`. */
export function variant<C, D>(
  key: string,
  variants: Readonly<Record<string, Schema<C, D>>>,
  options: { readonly later: readonly string[]; readonly expected: string },
): Schema<C, D> {
  const names = Object.keys(variants)
  const expected = names.map(quote).join(', ')
  const choose = (node: TableNode, path: Path, report: Report): Schema<C, D> | undefined => {
    const tag = node.entries.get(key)?.node
    const where = [...path, key]
    if (tag?.kind === 'broken') return undefined
    if (!tag) report.error(path, `${quote(key)} is missing`, { expected })
    else if (tag.kind !== 'string') report.error(where, describe(tag), { expected })
    else if (Object.hasOwn(variants, tag.value)) return variants[tag.value]
    else if (options.later.includes(tag.value)) {
      report.error(where, `${quote(tag.value)} is not supported by this version`, { expected })
    } else {
      const meant = nearest(tag.value, names)
      report.error(where, `${quote(tag.value)} is not one of them`, {
        expected,
        suggestion: meant && quote(meant),
      })
    }
    return undefined
  }
  return {
    expected: options.expected,
    tables: Object.values(variants).flatMap((schema) => schema.tables ?? []),
    json: { anyOf: Object.values(variants).map((schema) => schema.json) },
    read(node, path, report) {
      if (node.kind !== 'table') {
        report.error(path, describe(node), { expected: options.expected })
        return undefined
      }
      return choose(node, path, report)?.read(node, path, report)
    },
  }
}

/** Tables told apart by which of these keys they have; the first that is there decides. */
export function keyed<C, D>(
  variants: Readonly<Record<string, Schema<C, D>>>,
  expected: string,
): Schema<C, D> {
  const names = Object.keys(variants)
  return {
    expected,
    tables: Object.values(variants).flatMap((schema) => schema.tables ?? []),
    json: { anyOf: Object.values(variants).map((schema) => schema.json) },
    read(node, path, report) {
      if (node.kind !== 'table') {
        report.error(path, describe(node), { expected })
        return undefined
      }
      const key = names.find((candidate) => node.entries.has(candidate))
      const variantOf = key === undefined ? undefined : variants[key]
      if (variantOf) return variantOf.read(node, path, report)
      const given = [...node.entries.keys()]
      const meant = given.map((candidate) => nearest(candidate, names)).find((found) => found !== undefined)
      report.error(path, `none of ${names.map(quote).join(', ')} is there`, { expected, suggestion: meant })
      return undefined
    },
  }
}
