/** One of `addresses`: a string, or a table with what else belongs to the address. */
import type { IpPrefix } from '../../base/ip.js'
import type { VirtualAddress } from '../model.js'
import { interfaceName, prefix } from '../network.js'
import { optional, required, type Schema } from '../schema.js'
import { table } from '../table.js'
import { choice, text } from '../values.js'

export const scope = choice(['global', 'site', 'link', 'host'])

const plain: Schema<IpPrefix> = prefix()

const withMore = table(
  {
    address: required(plain, 'The address with its prefix length.'),
    label: optional(
      text('a label such as "eth0:vip" (at most 15 characters)', /^[!-.0-~]{1,15}$/),
      'IPv4: what ifconfig(8) shows it as; the name of the interface, a colon and a word.',
    ),
    scope: optional(
      scope,
      'IPv4: how far it is good for; "global". The kernel wants one scope in one network: give it a /32 to differ.',
    ),
    interface: optional(interfaceName, 'Where it goes, if not to the interface of the virtual router.'),
  },
  { title: 'a virtual address', synonyms: { dev: 'interface', ip: 'address' } },
)

/** The table without its holes; an address that could not be read is none. */
export const virtualAddress: Schema<VirtualAddress> = {
  expected: `${plain.expected}, or a table such as { address = "10.0.0.100/24", label = "eth0:vip" }`,
  tables: withMore.tables ?? [],
  json: { anyOf: [plain.json, withMore.json] },
  read(node, path, report) {
    if (node.kind !== 'table') return plain.read(node, path, report)
    const read = withMore.read(node, path, report)
    if (!read?.address) return undefined
    const { address, label, scope: reach, interface: where } = read
    return {
      ...address,
      ...(label === undefined ? {} : { label }),
      ...(reach === undefined ? {} : { scope: reach }),
      ...(where === undefined ? {} : { interface: where }),
    }
  },
}
