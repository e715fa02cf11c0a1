/** `dns`: a question is answered as it should be. */
import { randomInt } from 'node:crypto'
import type { DnsCheckConfig } from '../../config/checks/dns.js'
import { dnsCodes } from '../../config/tables/checks/dns.js'
import { type DnsAnswer, decodeAnswer, encodeQuestion } from '../dns-message.js'
import { DnsTalk } from '../dns-talk.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import { matchBody } from './body.js'
import type { Checker } from './checker.js'
import { exchangeDatagram } from './exchange-datagram.js'
import { talkOverTcp } from './talk-over-tcp.js'

export const checkDns: Checker<DnsCheckConfig> = async (check, target, timeUp) => {
  let pattern: RegExp | undefined
  try {
    // All the records are matched at once, a line each: a pattern that takes long does so once.
    if (check.expect !== undefined) pattern = new RegExp(check.expect, 'm')
  } catch {
    return inconclusive('cannot start: not a regular expression')
  }
  const question = { id: randomInt(65536), name: check.name, record: check.record }
  const query = encodeQuestion(question)

  const overTcp = (): Promise<Outcome> =>
    talkOverTcp(
      check,
      target,
      timeUp,
      new DnsTalk(query, check.timeout, (message) => {
        const answer = decodeAnswer(message, question)
        if (answer.ok) return judge(check, pattern, answer.value)
        return failed(answer.error === 'foreign' ? 'an answer to another question' : 'a malformed answer')
      }),
    )
  if (check.transport === 'tcp') return overTcp()

  let foreign = false
  const verdict = await exchangeDatagram<Outcome | 'truncated'>(check, target, timeUp, {
    send: query,
    receive(datagram) {
      const answer = decodeAnswer(datagram, question)
      if (answer.ok) return answer.value.truncated ? 'truncated' : judge(check, pattern, answer.value)
      if (answer.error === 'malformed') return failed('a malformed answer')
      // Somebody guesses, or it is late: the true one may still come.
      foreign = true
      return undefined
    },
    late: () =>
      failed(`no answer within ${check.timeout} ms${foreign ? ', only one to another question' : ''}`),
  })
  return verdict === 'truncated' ? overTcp() : verdict
}

function judge(check: DnsCheckConfig, pattern: RegExp | undefined, answer: DnsAnswer): Outcome {
  const code = dnsCodes[answer.rcode] ?? `RCODE ${answer.rcode}`
  if (code !== check.rcode) return failed(`${code}, expected ${check.rcode}`)
  const count = answer.records.length
  const found = `${code}, ${count === 0 ? 'no' : count} ${check.record} record${count === 1 ? '' : 's'}`
  if (!pattern) return passed(found)
  switch (matchBody(pattern, answer.records.join('\n'))) {
    case 'match':
      return passed(`${found}, /${check.expect}/ matches`)
    case 'noMatch':
      return failed(`${found}, none matches /${check.expect}/`)
    case 'gaveUp':
      return failed(`pattern /${check.expect}/ took too long on this answer`)
  }
}
