/** The checker of each kind. */

import { checkAgent } from './agent.js'
import type { Checker } from './checker.js'
import { checkDns } from './dns.js'
import { checkGrpc } from './grpc.js'
import { checkHttp } from './http.js'
import { checkSmtp } from './smtp.js'
import { tcpChecker } from './tcp.js'
import type { CheckTools } from './tools.js'
import { checkUdp } from './udp.js'

export function checkerWith(tools: CheckTools): Checker {
  const checkTcp = tcpChecker(tools)
  return (check, target, timeUp) => {
    switch (check.type) {
      case 'tcp':
        return checkTcp(check, target, timeUp)
      case 'http':
        return checkHttp(check, target, timeUp)
      case 'grpc':
        return checkGrpc(check, target, timeUp)
      case 'dns':
        return checkDns(check, target, timeUp)
      case 'udp':
        return checkUdp(check, target, timeUp)
      case 'smtp':
        return checkSmtp(check, target, timeUp)
      case 'agent':
        return checkAgent(check, target, timeUp)
    }
  }
}
