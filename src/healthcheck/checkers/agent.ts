/** `agent`: a program on the server says how it is. */
import type { AgentCheckConfig } from '../../config/checks/agent.js'
import { AgentTalk } from '../agent-talk.js'
import type { Checker } from './checker.js'
import { talkOverTcp } from './talk-over-tcp.js'

export const checkAgent: Checker<AgentCheckConfig> = (check, target, timeUp) =>
  talkOverTcp(check, target, timeUp, new AgentTalk(check))
