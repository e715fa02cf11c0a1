/** A check of type `agent`. */
import type { CompleteOf } from '../schema.js'
import type { agentCheck } from '../tables/checks/agent.js'
import { type CheckCommon, commonOf } from './common.js'

export interface AgentCheckConfig extends CheckCommon {
  readonly type: 'agent'
  /** Said first; undefined: nothing. */
  readonly send: string | undefined
}

export const buildAgent = (table: CompleteOf<typeof agentCheck>): AgentCheckConfig => ({
  type: 'agent',
  ...commonOf(table),
  send: table.send,
})

export const normalAgent = ({ send }: AgentCheckConfig) => ({ send })
