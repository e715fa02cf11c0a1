/** `type = "tcp"`: the port accepts a connection, and where asked the server says something. */
import { defaulted, optional } from '../../schema.js'
import { table } from '../../table.js'
import { choice, text } from '../../values.js'
import { common, later, synonyms, type } from './common.js'
import { regularExpression } from './regular-expression.js'

export const tcpCheck = table(
  {
    type: type('tcp'),
    ...common,
    send: optional(
      text('1 to 4096 characters to send, such as "PING\\r\\n"', /^[\s\S]{1,4096}$/),
      'Text to send once connected; without `expect` any answer passes.',
    ),
    expect: optional(
      regularExpression,
      'Regular expression that the first 64 KiB of the answer must match; without `send`: the banner.',
    ),
    through: defaulted(
      choice(['address', 'forwarding']),
      'address',
      "What is checked: the server's own address, or the virtual address on it, reached as clients' packets are.",
    ),
  },
  { title: 'a tcp check', later, synonyms },
)
