/** `udp`: a datagram is answered, or at least not refused. */
import { equalBytes, fromHex } from '../../base/bytes.js'
import type { UdpCheckConfig } from '../../config/checks/udp.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import { matchBody } from './body.js'
import type { Checker } from './checker.js'
import { exchangeDatagram } from './exchange-datagram.js'

type Expected = (answer: Uint8Array) => Outcome

export const checkUdp: Checker<UdpCheckConfig> = async (check, target, timeUp) => {
  const { send, expect, requireReply, timeout } = check
  const payload = typeof send === 'string' ? new TextEncoder().encode(send) : fromHex(send.hex)
  const judge = expectation(expect)
  if (payload === undefined || judge === undefined) return inconclusive('cannot start: not a payload')
  return exchangeDatagram<Outcome>(check, target, timeUp, {
    send: payload,
    receive: judge,
    late: () =>
      requireReply ? failed(`no answer within ${timeout} ms`) : passed(`no answer, and no error either`),
  })
}

function expectation(expect: UdpCheckConfig['expect']): Expected | undefined {
  if (expect === undefined) return () => passed('answered')
  if (typeof expect === 'string') return patternIn(expect)
  const beginning = fromHex(expect.hex)
  return beginning && ((answer) => beginningWith(beginning, answer))
}

function beginningWith(expected: Uint8Array, answer: Uint8Array): Outcome {
  return equalBytes(answer.subarray(0, expected.length), expected)
    ? passed('answer matches')
    : failed('answer begins with other bytes')
}

function patternIn(source: string): Expected | undefined {
  let pattern: RegExp
  try {
    pattern = new RegExp(source)
  } catch {
    return undefined
  }
  return (answer) => {
    switch (matchBody(pattern, new TextDecoder().decode(answer))) {
      case 'match':
        return passed('answer matches')
      case 'noMatch':
        return failed(`answer does not match ${pattern}`)
      case 'gaveUp':
        return failed(`pattern ${pattern} took too long on this answer`)
    }
  }
}
