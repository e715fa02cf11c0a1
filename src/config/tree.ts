/** TOML statements to the tree of located values. */
import compiler from 'toml/lib/compiler.js'
import type { TomlAssignment, TomlStatement, TomlValue } from 'toml/lib/parser.js'
import type { Lines } from './lines.js'
import { formatPath, type ListNode, type Node, type TableNode } from './node.js'
import type { Problem } from './problem.js'
import type { Syntax } from './syntax.js'

export interface Tree {
  readonly root: TableNode
  /** Keys and tables defined twice; the first definition stands in the tree. */
  readonly problems: readonly Problem[]
}

export function buildTree(statements: readonly TomlStatement[], syntax: Syntax): Tree {
  const builder = new Builder(syntax)
  builder.add(statements)
  const problems = [...builder.problems]
  // The library is the judge of what TOML calls a redefinition; it stops at the first one.
  const told = syntax.plain ? statements.map(withoutElements) : statements
  const verdict = judge(told, syntax.lines.text)
  if (verdict && !problems.some((problem) => problem.line === verdict.line)) problems.push(verdict)
  return { root: builder.root, problems }
}

/** Nothing in a plain list can be a redefinition, and looking at thousands takes its time. */
const withoutElements = (statement: TomlStatement): TomlStatement =>
  statement.type === 'Assign' && statement.value.type === 'Array'
    ? { ...statement, value: { ...statement.value, value: [] } }
    : statement

function judge(statements: readonly TomlStatement[], text: string): Problem | undefined {
  try {
    compiler.compile(statements, text, { bigint: true })
    return undefined
  } catch (error) {
    const { message, line = 1, column = 1 } = error as { message: string; line?: number; column?: number }
    return { severity: 'error', line, column, path: '', message: message.replace(/\.$/, '') }
  }
}

const newTable = (offset: number): TableNode => ({ kind: 'table', offset, entries: new Map() })

class Builder {
  readonly root = newTable(0)
  readonly problems: Problem[] = []
  private readonly lines: Lines
  private readonly defined = new Set<TableNode>()

  constructor(private readonly syntax: Syntax) {
    this.lines = syntax.lines
  }

  add(statements: readonly TomlStatement[]): void {
    let table = this.root
    for (const statement of statements) {
      if (statement.type === 'ObjectPath') table = this.openTable(statement.value, statement.offset)
      else if (statement.type === 'ArrayPath') table = this.openElement(statement.value, statement.offset)
      else if (statement.type === 'Assign') this.assign(table, statement)
    }
  }

  private openTable(path: readonly string[], offset: number): TableNode {
    const parent = this.descend(this.root, path.slice(0, -1), offset)
    const table = this.descend(parent, path.slice(-1), offset)
    if (this.defined.has(table)) this.redefined(path, offset)
    this.defined.add(table)
    return table
  }

  private openElement(path: readonly string[], offset: number): TableNode {
    const parent = this.descend(this.root, path.slice(0, -1), offset)
    const name = path.at(-1) ?? ''
    const existing = parent.entries.get(name)?.node
    const table = newTable(offset)
    if (existing === undefined) {
      const list: ListNode = { kind: 'list', offset, items: [table], ofTables: true }
      parent.entries.set(name, { keyOffset: offset, node: list })
    } else if (existing.kind === 'list' && existing.ofTables) {
      existing.items.push(table)
    } else {
      this.redefined(path, offset)
    }
    return table
  }

  private assign(table: TableNode, { key, value, offset }: TomlAssignment): void {
    const parent = this.descend(table, key.slice(0, -1), offset)
    const name = key.at(-1) ?? ''
    if (parent.entries.has(name)) this.redefined(key, offset)
    else parent.entries.set(name, { keyOffset: offset, node: this.valueOf(value) })
  }

  /** Follows tables, making those that are missing; through a list of tables its last one. */
  private descend(from: TableNode, path: readonly string[], offset: number): TableNode {
    let table = from
    for (const name of path) {
      const existing = table.entries.get(name)?.node
      const next = existing?.kind === 'list' && existing.ofTables ? existing.items.at(-1) : existing
      if (next?.kind === 'table') {
        table = next
        continue
      }
      const made = newTable(offset)
      if (next === undefined) table.entries.set(name, { keyOffset: offset, node: made })
      else this.redefined(path, offset)
      table = made
    }
    return table
  }

  private valueOf(value: TomlValue): Node {
    const { offset } = value
    if (this.syntax.brokenLines.has(this.lines.positionOf(offset).line)) return { kind: 'broken', offset }
    switch (value.type) {
      case 'String':
        return { kind: 'string', offset, value: value.value }
      case 'Integer':
        return { kind: 'integer', offset, value: value.value }
      case 'Float':
        return { kind: 'float', offset, value: value.value }
      case 'Boolean':
        return { kind: 'boolean', offset, value: value.value }
      case 'Array':
        return { kind: 'list', offset, items: value.value.map((item) => this.valueOf(item)), ofTables: false }
      case 'InlineTable': {
        const table = newTable(offset)
        for (const assignment of value.value) this.assign(table, assignment)
        return table
      }
      default:
        return { kind: 'date', offset }
    }
  }

  private redefined(path: readonly string[], offset: number): void {
    this.problems.push({
      severity: 'error',
      ...this.lines.positionOf(offset),
      path: '',
      message: `${formatPath(path)} is defined a second time`,
    })
  }
}
