/** A pattern that something of an answer must match; kept as text, for a model is plain data. */
import { parsed, type Refusal } from '../../values.js'

export const regularExpression = parsed(
  'a regular expression',
  (value: string): string | Refusal => {
    try {
      new RegExp(value)
      return value
    } catch (error) {
      return { message: error instanceof Error ? error.message : 'not valid' }
    }
  },
  (value): value is Refusal => typeof value !== 'string',
)
