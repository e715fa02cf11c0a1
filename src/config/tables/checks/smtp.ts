/** `type = "smtp"`: a mail server greets, and answers when it is greeted. */
import { optional } from '../../schema.js'
import { table } from '../../table.js'
import { text } from '../../values.js'
import { common, later, synonyms, type } from './common.js'

/** RFC 5321 section 4.1.2: a domain, or an address in brackets. */
const domain = text(
  'a host name, or an address as "[10.0.0.11]"',
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[(?:IPv6:)?[0-9A-Fa-f.:]{2,45}\])$/,
)

export const smtpCheck = table(
  {
    type: type('smtp'),
    ...common,
    helo: optional(domain, "What this director calls itself; the connection's own address in brackets."),
  },
  { title: 'an smtp check', later, synonyms: { ...synonyms, helo_name: 'helo', ehlo: 'helo' } },
)
