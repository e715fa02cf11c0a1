/** The file's JSON Schema, for editors. */
import type { Json } from './schema.js'
import { fileTable } from './tables/file.js'

export const jsonSchema: { readonly [key: string]: Json } = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'vipair.toml',
  description: 'Configuration of a vipair director; the same file on both directors of a pair.',
  ...fileTable.json,
}
