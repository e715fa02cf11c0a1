/** `type = "udp"`: a datagram is answered, or at least not refused. */
import { defaulted, optional, required } from '../../schema.js'
import { table } from '../../table.js'
import { flag, text } from '../../values.js'
import { common, later, synonyms, type } from './common.js'
import { textOrBytes } from './payload.js'
import { regularExpression } from './regular-expression.js'

export const udpCheck = table(
  {
    type: type('udp'),
    ...common,
    send: required(
      textOrBytes(text('text of up to 1,024 characters', /^[\s\S]{0,1024}$/)),
      'What the datagram says; text goes as UTF-8.',
    ),
    expect: optional(
      textOrBytes(regularExpression),
      'Regular expression that the answer must match, or bytes that it must begin with; any answer.',
    ),
    require_reply: defaulted(
      flag,
      true,
      'Whether silence is a failure. False: only an ICMP error or a wrong answer is.',
    ),
  },
  { title: 'a udp check', later, synonyms: { ...synonyms, payload: 'send', reply: 'expect' } },
)
