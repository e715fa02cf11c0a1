import { deepEqual, equal } from 'node:assert/strict'
import { jsonSchema } from '../../src/config/json-schema.js'
import type { Json } from '../../src/config/schema.js'

const isTable = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Paths of the keys that have no description. */
function undocumented(schema: Json | undefined, path: string): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap((part) => undocumented(part, path))
  if (!isTable(schema)) return []
  const { properties, items, anyOf } = schema
  const own = isTable(properties)
    ? Object.entries(properties).flatMap(([key, inner]) => [
        ...(isTable(inner) && typeof inner.description === 'string' ? [] : [`${path}.${key}`]),
        ...undocumented(inner, `${path}.${key}`),
      ])
    : []
  return [...own, ...undocumented(items, path), ...undocumented(anyOf, path)]
}

describe('the JSON Schema', () => {
  it('documents every key', () => deepEqual(undocumented(jsonSchema, ''), []))

  it('names the tables that a file must have', () => deepEqual(jsonSchema.required, ['director']))

  it('is data', () => deepEqual(JSON.parse(JSON.stringify(jsonSchema)), jsonSchema))

  it('has the defaults of the file', () => {
    const { properties } = jsonSchema
    const router =
      isTable(properties) && isTable(properties.virtual_router) ? properties.virtual_router.items : undefined
    const keys = isTable(router) && isTable(router.properties) ? router.properties : {}
    equal(isTable(keys.advertisement_interval) && keys.advertisement_interval.default, '100ms')
  })
})
