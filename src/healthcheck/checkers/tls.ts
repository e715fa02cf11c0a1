/** `tls`: the server completes a handshake and shows a good certificate. */

import type { TLSSocket } from 'node:tls'
import type { TlsCheckConfig } from '../../config/checks/tls.js'
import { failed, inconclusive, type Outcome, passed, warned } from '../outcome.js'
import type { TimeUp } from '../time-up.js'
import { tlsWords } from '../tls-words.js'
import { judgeCertificate } from './certificate.js'
import type { Checker } from './checker.js'
import { type Connection, openConnection, type TlsPlan } from './connection.js'
import { codeOf, notStarted, outcomeOfErrno } from './errno.js'
import { TlsContexts } from './tls-contexts.js'
import type { CheckTools } from './tools.js'

export const tlsChecker =
  ({ contexts = new TlsContexts() }: Pick<CheckTools, 'contexts'>): Checker<TlsCheckConfig> =>
  async (check, target, timeUp) => {
    const { bind, timeout, proxyProtocol, sni: serverName, alpn = [] } = check
    let tls: TlsPlan
    try {
      tls = { context: contexts.of(check), serverName, alpn, alpnRequired: alpn.length > 0 }
    } catch (error) {
      return notStarted(error)
    }
    const opened = await openConnection({ target, bind, timeout, proxyProtocol, tls }, timeUp)
    if (!opened.ok) return opened.error
    const { secure } = opened.value
    if (!secure) return inconclusive('the connection is not encrypted')
    const { failure, warning } = judgeCertificate(secure, check, serverName)
    if (failure) {
      opened.value.reset()
      return failure
    }
    const outcome = await confirm(opened.value, secure, timeUp)
    return warned(outcome, warning)
  }

/**
 * In TLS 1.3 a client is done before the server has looked at its certificate: the refusal comes afterwards.
 * So the connection is ended in good order, and what the server answers is waited for.
 */
function confirm(connection: Connection, secure: TLSSocket, timeUp: TimeUp): Promise<Outcome> {
  const protocol = secure.getProtocol() ?? 'TLS'
  const fine = passed(`handshake, ${protocol.replace('TLSv', 'TLS ')}`)
  return new Promise((resolve) => {
    const finish = (outcome: Outcome) => {
      timeUp.removeEventListener('abort', onTimeUp)
      connection.reset()
      resolve(outcome)
    }
    const onTimeUp = () => finish(fine)
    if (protocol !== 'TLSv1.3' || timeUp.aborted) return finish(fine)
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    secure.once('session', () => finish(fine))
    secure.once('data', () => finish(fine))
    secure.once('close', () => finish(fine))
    secure.once('error', (error) => {
      const code = codeOf(error)
      const words = tlsWords(code)
      finish(words === undefined ? outcomeOfErrno(code) : failed(words))
    })
    secure.end()
  })
}
