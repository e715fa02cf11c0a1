/** `type = "icmp"`: the host answers an echo request. */
import { defaulted } from '../../schema.js'
import { table } from '../../table.js'
import { integer } from '../../values.js'
import { common, later, synonyms, type } from './common.js'

/** Hosts have no ports. */
const { port: _, ...ofHosts } = common

export const icmpCheck = table(
  {
    type: type('icmp'),
    ...ofHosts,
    size: defaulted(
      integer(16, 65_000, (value) => value),
      56,
      'Bytes of payload; more than the path carries shows that it carries fragments.',
    ),
  },
  { title: 'an icmp check', later, synonyms },
)
