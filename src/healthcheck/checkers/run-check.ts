/** The checker of each kind. */
import type { HttpCheckConfig } from '../../config/checks/http.js'
import { isPlain } from '../plain-http.js'
import { checkAgent } from './agent.js'
import type { Checker } from './checker.js'
import { checkDns } from './dns.js'
import { checkGrpc } from './grpc.js'
import { httpChecker } from './http.js'
import { plainHttpChecker } from './http-plain.js'
import { icmpChecker } from './icmp.js'
import { scriptChecker } from './script.js'
import { checkSmtp } from './smtp.js'
import { tcpChecker } from './tcp.js'
import { tlsChecker } from './tls.js'
import type { CheckTools } from './tools.js'
import { checkUdp } from './udp.js'

/** Of each check once. */
const plainness = new WeakMap<HttpCheckConfig, boolean>()

function plain(check: HttpCheckConfig): boolean {
  let answer = plainness.get(check)
  if (answer === undefined) {
    answer = isPlain(check)
    plainness.set(check, answer)
  }
  return answer
}

export function checkerWith(tools: CheckTools): Checker {
  const checkTcp = tcpChecker(tools)
  const checkHttp = httpChecker(tools)
  const checkTls = tlsChecker(tools)
  const checkIcmp = icmpChecker(tools)
  const checkPlainHttp = plainHttpChecker(tools)
  const checkScript = scriptChecker(tools)
  return (check, target, timeUp) => {
    switch (check.type) {
      case 'tcp':
        return checkTcp(check, target, timeUp)
      case 'http':
        return plain(check) ? checkPlainHttp(check, target, timeUp) : checkHttp(check, target, timeUp)
      case 'https':
        return checkHttp(check, target, timeUp)
      case 'tls':
        return checkTls(check, target, timeUp)
      case 'icmp':
        return checkIcmp(check, target, timeUp)
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
      case 'script':
        return checkScript(check, target, timeUp)
    }
  }
}
