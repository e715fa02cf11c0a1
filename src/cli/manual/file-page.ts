/** vipair.toml(5), made of the JSON Schema of the file. */
import type { Json } from '../../config/schema.js'
import { bold, item, paragraph, prose, section, subsection, title, verbatim } from './roff.js'

type JsonTable = { readonly [key: string]: Json }

const minimal = `[[director]]
name = "lb1"
address = "10.0.0.11"

[[director]]
name = "lb2"
address = "10.0.0.12"

[pair]
key_file = "/etc/vipair/pair.key"

[[virtual_router]]
name = "front"
vrid = 51
addresses = ["10.0.0.100/24"]

[[virtual_service]]
name = "web"
address = "10.0.0.100:80"
check = { type = "http", path = "/healthz" }
real_servers = ["10.0.0.21:80", "10.0.0.22:80"]`

export function filePage(schema: JsonTable, version: string): string {
  const told = new Map<string, string>()
  const tables = Object.entries(keysOf(schema)).flatMap(([key, value]) => {
    const heading = isTable(value) && value.type === 'array' ? `[[${key}]]` : `[${key}]`
    return [section(heading), prose(textOf(value)), ...tableLines(key, value, told)]
  })
  return `${[
    title('vipair.toml', 5, version),
    section('Name'),
    'vipair.toml \\- configuration of a vipair director',
    section('Description'),
    prose(
      'A TOML file, the same on both directors of a pair. An unknown key is an error. Durations are strings: "250ms", "2s", "5m", "1h", "14d".',
    ),
    paragraph(
      '`vipair check` names every problem of a file, and `vipair schema` prints its JSON Schema. A minimal one:',
    ),
    verbatim(minimal.split('\n')),
    ...tables,
    section('See also'),
    `${bold('vipair')}(1)`,
  ].join('\n')}\n`
}

/** The keys of a table, then, under headings of their own, the tables among them. `told`: by schema, where. */
function tableLines(place: string, schema: Json | undefined, told: Map<string, string>): readonly string[] {
  const variants = variantsOf(schema)
  const common = commonKeys(variants)
  const inner: string[] = []
  const lines = (keys: JsonTable, required: Json | undefined): readonly string[] =>
    Object.entries(keys).map(([key, value]) => {
      const below = `${place}.${key}`
      const found = variantsOf(value)
      const same = JSON.stringify(found)
      const known = found.length === 0 ? undefined : told.get(same)
      if (found.length > 0 && known === undefined) {
        told.set(same, below)
        inner.push(subsection(below), ...tableLines(below, value, told))
      }
      const see = found.length === 0 ? '' : `; see ${known ?? below}`
      const must = Array.isArray(required) && required.includes(key) ? ', required' : ''
      return item(bold(key), `${textOf(value)} (${kindOf(value)}${see}${must})`)
    })
  if (variants.length === 1) return [...lines(keysOf(variants[0]), variants[0]?.required), ...inner]
  const shared = lines(common, undefined)
  return [
    ...shared,
    ...variants.flatMap((variant) => {
      const own = Object.fromEntries(
        Object.entries(keysOf(variant)).filter(([key]) => !Object.hasOwn(common, key)),
      )
      return [paragraph(`With ${nameOf(variant)}:`), '.RS 4', ...lines(own, variant.required), '.RE']
    }),
    ...inner,
  ]
}

/** What all variants that have several keys have alike. */
function commonKeys(variants: readonly JsonTable[]): JsonTable {
  const several = variants.map(keysOf).filter((keys) => Object.keys(keys).length > 1)
  if (several.length < 2) return {}
  return Object.fromEntries(
    Object.entries(several[0] ?? {}).filter(
      ([key, value]) =>
        key !== 'type' && several.every((keys) => JSON.stringify(keys[key]) === JSON.stringify(value)),
    ),
  )
}

/** Tables are told apart by `type`, or else by their first key. */
function nameOf(variant: JsonTable): string {
  const { type } = keysOf(variant)
  if (isTable(type)) return `\`type\` ${kindOf(type)}`
  return `\`${Object.keys(keysOf(variant))[0]}\``
}

/** The tables that a value may be, or may be a list of; none for a scalar. */
function variantsOf(schema: Json | undefined): readonly JsonTable[] {
  if (!isTable(schema)) return []
  const own = isTable(schema.properties) ? [schema] : []
  const alternatives = isList(schema.anyOf) ? schema.anyOf.flatMap(variantsOf) : []
  const all = [...own, ...alternatives, ...variantsOf(schema.items)]
  return all.filter((one, i) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === i)
}

const keysOf = (schema: JsonTable | undefined): JsonTable =>
  isTable(schema?.properties) ? schema.properties : {}

const textOf = (schema: Json | undefined): string =>
  isTable(schema) && typeof schema.description === 'string' ? schema.description : ''

/** In a few words: what it may be, and what it is when it is left out. */
function kindOf(schema: Json | undefined): string {
  if (!isTable(schema)) return 'anything'
  const fallback = schema.default
  const has = fallback !== undefined && JSON.stringify(fallback) !== '{}' && JSON.stringify(fallback) !== '[]'
  return `${typeOf(schema)}${has ? `, default ${JSON.stringify(fallback)}` : ''}`
}

function typeOf(schema: JsonTable): string {
  if (isList(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(', ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (isList(schema.anyOf)) {
    const kinds = schema.anyOf.map((one) => (isTable(one) ? typeOf(one) : 'anything'))
    return [...new Set(kinds)].join(' or ')
  }
  switch (schema.type) {
    case 'array':
      return `list of ${isTable(schema.items) ? typeOf(schema.items) : 'anything'}`
    case 'object':
      return 'table'
    case 'integer':
      return `integer${rangeOf(schema)}`
    case 'number':
      return 'number'
    case 'boolean':
      return 'true or false'
    default:
      return typeof schema.pattern === 'string' && schema.pattern.endsWith('(ms|s|m|h|d)$')
        ? 'duration'
        : 'string'
  }
}

function rangeOf({ minimum, maximum }: JsonTable): string {
  if (minimum === undefined) return ''
  return maximum === undefined ? ` from ${String(minimum)}` : ` from ${String(minimum)} to ${String(maximum)}`
}

const isTable = (value: Json | undefined): value is JsonTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
