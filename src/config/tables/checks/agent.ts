/** `type = "agent"`: a program on the server says in one line how it is, and how much it can take. */
import { portNumber } from '../../network.js'
import { optional, required } from '../../schema.js'
import { table } from '../../table.js'
import { text } from '../../values.js'
import { common, later, synonyms, type } from './common.js'

export const agentCheck = table(
  {
    type: type('agent'),
    ...common,
    port: required(portNumber, 'The port on which the agent answers.'),
    send: optional(text('text of up to 1,024 characters', /^[\s\S]{1,1024}$/), 'Said to the agent first.'),
  },
  {
    title: 'an agent check',
    later,
    synonyms: { ...synonyms, agent_port: 'port', agent_send: 'send', agent_inter: 'interval' },
  },
)
