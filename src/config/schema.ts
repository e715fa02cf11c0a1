/**
 * Declares a file format once: what is accepted, what it means when it is left out, how it reads in the
 * documentation. The same declaration reads a file and describes itself as JSON Schema.
 */
import type { Node, Path, TableNode } from './node.js'
import type { Report } from './report.js'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Reads a value of type `Complete`. `Draft` is the same with holes where the file is wrong: the holes are
 * reported, and the rules about what is left still run, so that one pass finds everything.
 */
export interface Schema<Complete, Draft = Complete> {
  /** In words, after "expected". */
  readonly expected: string
  readonly json: { readonly [key: string]: Json }
  /** Tables within, for "this key belongs there". */
  readonly tables?: readonly TableSchema[]
  /** Undefined when nothing of it can be used; then a problem was reported. */
  read(node: Node, path: Path, report: Report): Draft | undefined
  /** Carries the type only. */
  readonly complete?: Complete
}

export interface TableSchema {
  /** As a person writes it: `[[virtual_router]]`. */
  readonly title: string
  readonly keys: readonly string[]
  readonly inner: readonly TableSchema[]
}

export interface Field<Complete, Draft> {
  readonly schema: Schema<Complete, Draft>
  readonly documentation: string
  readonly required: boolean
  /** What the file would say; undefined when the key has no default. */
  readonly fallback: Json | undefined
}

export type CompleteOf<S> = S extends Schema<infer Complete, unknown> ? Complete : never
export type DraftOf<S> = S extends { read(node: Node, path: Path, report: Report): infer D }
  ? NonNullable<D>
  : never

/** A key that must be there. */
export const required = <C, D>(schema: Schema<C, D>, documentation: string): Field<C, D> => ({
  schema,
  documentation,
  required: true,
  fallback: undefined,
})

/** A key that may be left out and then has no value. */
export const optional = <C, D>(schema: Schema<C, D>, documentation: string): Field<C | undefined, D> => ({
  schema,
  documentation,
  required: false,
  fallback: undefined,
})

/** A key that may be left out; `fallback` is what the file would have said. */
export const defaulted = <C, D>(
  schema: Schema<C, D>,
  fallback: Json,
  documentation: string,
): Field<C, D> => ({ schema, documentation, required: false, fallback })

/** Reads a node unless a syntax error stood in its place. */
export function readNode<D>(
  schema: Schema<unknown, D>,
  node: Node,
  path: Path,
  report: Report,
): D | undefined {
  return node.kind === 'broken' ? undefined : schema.read(node, path, report)
}

/** The node that a value of a declaration stands for. */
export function nodeOf(value: Json, offset: number): Node {
  if (typeof value === 'string') return { kind: 'string', offset, value }
  if (typeof value === 'number') return { kind: 'integer', offset, value: BigInt(value) }
  if (typeof value === 'boolean') return { kind: 'boolean', offset, value }
  if (value === null) return { kind: 'broken', offset }
  if (isList(value)) {
    return { kind: 'list', offset, ofTables: false, items: value.map((item) => nodeOf(item, offset)) }
  }
  const entries: TableNode['entries'] = new Map()
  for (const [key, inner] of Object.entries(value)) {
    entries.set(key, { keyOffset: offset, node: nodeOf(inner, offset) })
  }
  return { kind: 'table', offset, entries }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/**
 * The draft as what it is once nothing was reported: an error-free read has no holes. Undefined when the
 * report has errors.
 */
export function completed<C, D>(_schema: Schema<C, D>, draft: D | undefined, report: Report): C | undefined {
  if (report.hasErrors) return undefined
  if (draft === undefined) throw new Error('nothing was read and nothing was reported')
  return draft as unknown as C
}
