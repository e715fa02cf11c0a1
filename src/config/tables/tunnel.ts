/** `tunnel`: how packets are wrapped on their way to a real server. */

import { portNumber } from '../network.js'
import { describe } from '../node.js'
import { defaulted, optional, type Schema } from '../schema.js'
import { table } from '../table.js'
import { choice } from '../values.js'

const expected = 'true, false or "remote"'

const checksum: Schema<boolean | 'remote'> = {
  expected,
  json: { enum: [true, false, 'remote'] },
  read(node, path, report) {
    if (node.kind === 'boolean') return node.value
    if (node.kind === 'string' && node.value === 'remote') return 'remote'
    const word = node.kind === 'string' && /^(true|false)$/.test(node.value) ? node.value : undefined
    report.error(path, describe(node), { expected, suggestion: word })
    return undefined
  },
}

export const tunnelTable = table(
  {
    type: defaulted(choice(['ipip', 'gue', 'gre']), 'ipip', 'How packets are wrapped.'),
    port: optional(portNumber, 'UDP port of GUE at the real server.'),
    checksum: defaulted(
      checksum,
      false,
      'Whether the outer header has a checksum (GUE, GRE); "remote" leaves it to the server (GUE).',
    ),
  },
  { title: 'tunnel', synonyms: { kind: 'type', csum: 'checksum', dport: 'port' } },
)
