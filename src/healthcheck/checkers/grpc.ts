/** `grpc`: the standard health service says that it serves. */
import { formatEndpoint } from '../../base/ip.js'
import type { GrpcCheckConfig } from '../../config/checks/grpc.js'
import { GrpcTalk } from '../grpc-talk.js'
import type { Checker } from './checker.js'
import { talkOverTcp } from './talk-over-tcp.js'

export const checkGrpc: Checker<GrpcCheckConfig> = (check, target, timeUp) =>
  talkOverTcp(check, target, timeUp, new GrpcTalk(check, formatEndpoint(target)))
