/** The two halves of the `toml` package, which types only its front door: we need the tree between them. */
declare module 'toml/lib/parser.js' {
  /** Offsets count UTF-16 units from the start of the text. */
  export type TomlValue = { readonly offset: number } & (
    | { readonly type: 'String'; readonly value: string }
    | { readonly type: 'Integer'; readonly value: bigint }
    | { readonly type: 'Float'; readonly value: number }
    | { readonly type: 'Boolean'; readonly value: boolean }
    | { readonly type: 'Array'; readonly value: readonly TomlValue[] }
    | { readonly type: 'InlineTable'; readonly value: readonly TomlAssignment[] }
    | { readonly type: 'Date' | 'LocalDateTime' | 'LocalDate' | 'LocalTime'; readonly value: unknown }
  )
  export interface TomlAssignment {
    readonly type: 'Assign' | 'InlineTableValue'
    readonly key: readonly string[]
    readonly value: TomlValue
    /** Of the first key. */
    readonly offset: number
  }
  export interface TomlHeader {
    /** `[a.b]`, `[[a.b]]`. */
    readonly type: 'ObjectPath' | 'ArrayPath'
    readonly value: readonly string[]
    /** Of the opening bracket. */
    readonly offset: number
  }
  export type TomlStatement = TomlAssignment | TomlHeader

  const parser: {
    /** Throws an error with `location.start`, or with `line` and `column`. */
    parse(text: string): readonly TomlStatement[]
  }
  export default parser
}

declare module 'toml/lib/compiler.js' {
  import type { TomlStatement } from 'toml/lib/parser.js'

  const compiler: {
    /** Throws at the first redefinition of a key or table, with `line` and `column`. */
    compile(statements: readonly TomlStatement[], text: string, options: { bigint: boolean }): unknown
  }
  export default compiler
}
