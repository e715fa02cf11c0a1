/** `sysctls` of `[ipvs]`: kernel settings that are set with the table and given back with it. */
import { mapOf } from '../collections.js'
import { describe } from '../node.js'
import { quote } from '../printable.js'
import { defaulted, type Schema } from '../schema.js'

const expected = 'a whole number or text such as 1 or "0 1"'

/** As the file under /proc/sys takes it: numbers become text. */
const value: Schema<string> = {
  expected,
  json: { type: ['integer', 'string'] },
  read(node, path, report) {
    if (node.kind === 'integer') return `${node.value}`
    if (node.kind === 'string' && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(node.value)) return node.value
    report.error(path, node.kind === 'string' ? `${quote(node.value)} is not valid` : describe(node), {
      expected,
    })
    return undefined
  },
}

/** Others than the network's are nothing that a load balancer should give back. */
const nameRule = /^net(\.[A-Za-z0-9_/-]+)+$/

export const sysctls = defaulted(
  mapOf(value, {
    expected: 'a table such as { "net.ipv4.vs.drop_entry" = 1 }',
    key: (name) =>
      nameRule.test(name)
        ? undefined
        : `${quote(name)} is no name of a setting such as "net.ipv4.vs.drop_entry"`,
  }),
  {},
  'Further kernel settings; set with the table, compared again with it, and given back when it is flushed.',
)
