/** `http` and `https`: a request on a fresh connection is answered with an accepted status and body. */
import { isIP } from 'node:net'
import { fail, ok, type Result } from '../../base/result.js'
import type { HttpCheckConfig } from '../../config/checks/http.js'
import type { HttpsCheckConfig } from '../../config/checks/https.js'
import { type Outcome, warned } from '../outcome.js'
import { judgeCertificate } from './certificate.js'
import type { Checker } from './checker.js'
import { openConnection, type TlsPlan } from './connection.js'
import { notStarted } from './errno.js'
import { exchange } from './exchange.js'
import { answerJudge } from './http-answer.js'
import { TlsContexts } from './tls-contexts.js'
import type { CheckTools } from './tools.js'

type Request = HttpCheckConfig | HttpsCheckConfig

export const httpChecker =
  ({ contexts = new TlsContexts() }: Pick<CheckTools, 'contexts'>): Checker<Request> =>
  async (check, target, timeUp) => {
    const prepared = prepare(check, contexts)
    if (!prepared.ok) return prepared.error
    const { judge, tls } = prepared.value
    const { bind, timeout, proxyProtocol } = check
    const opened = await openConnection({ target, bind, timeout, proxyProtocol, tls }, timeUp)
    if (!opened.ok) return opened.error
    const connection = opened.value
    let warning: string | undefined
    if (check.type === 'https' && connection.secure) {
      const verdict = judgeCertificate(connection.secure, check, nameOf(check))
      if (verdict.failure) {
        connection.reset()
        return verdict.failure
      }
      warning = verdict.warning
    }
    const outcome = await exchange({ check, target, connection, judge }, timeUp)
    return warned(outcome, warning)
  }

interface Prepared {
  readonly judge: ReturnType<typeof answerJudge>
  readonly tls: TlsPlan | undefined
}

/** What can be wrong here is no server's fault. */
function prepare(check: Request, contexts: TlsContexts): Result<Prepared, Outcome> {
  try {
    return ok({
      judge: answerJudge(check),
      tls: check.type === 'https' ? tlsPlan(check, contexts) : undefined,
    })
  } catch (error) {
    return fail(notStarted(error))
  }
}

function tlsPlan(check: HttpsCheckConfig, contexts: TlsContexts): TlsPlan {
  const name = nameOf(check)
  return {
    context: contexts.of(check),
    // RFC 6066 section 3: addresses are not sent.
    serverName: name !== undefined && isIP(name) === 0 ? name : undefined,
    alpn: [check.http2 ? 'h2' : 'http/1.1'],
    alpnRequired: check.http2,
  }
}

/** What the server is called; undefined: nobody said. */
function nameOf({ sni, host }: HttpsCheckConfig): string | undefined {
  if (sni !== undefined || host === undefined) return sni
  return host.replace(/:\d*$/, (port) => (isIP(host) === 6 ? port : '')).replace(/^\[(.*)\]$/, '$1')
}
