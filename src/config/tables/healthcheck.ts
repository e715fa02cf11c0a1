/** `[healthcheck]`: the processes that check the servers. */

import { describe } from '../node.js'
import { defaulted, type Schema } from '../schema.js'
import { table } from '../table.js'
import { choice, integer } from '../values.js'

/** More would be in each other's way on any machine. */
const most = 64

const auto = choice(['auto'])
const count = integer(1, most, (value) => value)

const expected = `"auto", or ${count.expected}`

const processes: Schema<number | 'auto'> = {
  expected,
  json: { anyOf: [auto.json, count.json] },
  read(node, path, report) {
    if (node.kind === 'integer') return count.read(node, path, report)
    if (node.kind === 'string' && node.value === 'auto') return 'auto'
    report.error(path, describe(node), { expected: expected })
    return undefined
  },
}

export const healthcheckTable = table(
  {
    processes: defaulted(
      processes,
      'auto',
      'How many processes share the checks; auto: as many as the checks need and the machine has cores for.',
    ),
  },
  { title: '[healthcheck]', synonyms: { workers: 'processes', threads: 'processes' } },
)
