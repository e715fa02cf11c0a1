/** A parsed file as a tree in which every value and key knows where it stands. */
import { printable, quote } from './printable.js'

export type Path = readonly (string | number)[]

export interface Entry {
  readonly keyOffset: number
  readonly node: Node
}

export interface TableNode {
  readonly kind: 'table'
  readonly offset: number
  readonly entries: Map<string, Entry>
}

export interface ListNode {
  readonly kind: 'list'
  readonly offset: number
  readonly items: Node[]
  /** Written as `[[name]]`. */
  readonly ofTables: boolean
}

export interface StringNode {
  readonly kind: 'string'
  readonly offset: number
  readonly value: string
}

export interface IntegerNode {
  readonly kind: 'integer'
  readonly offset: number
  readonly value: bigint
}

/** `broken`: a syntax error stood here and has been reported. */
export type Node =
  | TableNode
  | ListNode
  | StringNode
  | IntegerNode
  | { readonly kind: 'float'; readonly offset: number; readonly value: number }
  | { readonly kind: 'boolean'; readonly offset: number; readonly value: boolean }
  | { readonly kind: 'date'; readonly offset: number }
  | { readonly kind: 'broken'; readonly offset: number }

export interface Located {
  /** The longest part of the path that exists. */
  readonly path: Path
  readonly node: Node
  /** Of its key; of the value where it has none. */
  readonly keyOffset: number
}

export function locate(root: Node, path: Path): Located {
  let node = root
  let keyOffset = root.offset
  for (const [depth, step] of path.entries()) {
    const entry: Entry | undefined = childOf(node, step)
    if (!entry) return { path: path.slice(0, depth), node, keyOffset }
    node = entry.node
    keyOffset = entry.keyOffset
  }
  return { path, node, keyOffset }
}

function childOf(node: Node, step: string | number): Entry | undefined {
  if (node.kind === 'table' && typeof step === 'string') return node.entries.get(step)
  const item = node.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined
  return item && { keyOffset: item.offset, node: item }
}

/** `virtual_router[0].priority.lb1` */
export function formatPath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += `${text === '' ? '' : '.'}${/^[\w-]+$/.test(step) ? printable(step) : quote(step)}`
  }
  return text
}

/** What stands there, for a sentence: `"eth0" is a string`. */
export function describe(node: Node): string {
  switch (node.kind) {
    case 'string':
      return `${quote(node.value)} is a string`
    case 'integer':
      return `${node.value} is an integer`
    case 'float':
      return `${node.value} is a floating-point number`
    case 'boolean':
      return `${node.value} is a boolean`
    case 'list':
      return node.ofTables ? 'this is a list of tables' : 'this is a list'
    case 'table':
      return 'this is a table'
    default:
      return 'this is a date or time'
  }
}
