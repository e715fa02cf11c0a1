/** A connection of a check's own: made, announced by a PROXY header and encrypted as far as the check wants. */

import { connect, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import { type Endpoint, formatIp, type IpAddress, parseIp } from '../../base/ip.js'
import { fail, ok, type Result } from '../../base/result.js'
import { type Port, port } from '../../base/units.js'
import { type Failure, failed, type Inconclusive, inconclusive, type Outcome } from '../outcome.js'
import { proxyHeader } from '../proxy-header.js'
import type { TimeUp } from '../time-up.js'
import { tlsWords } from '../tls-words.js'
import { codeOf, outcomeOfErrno } from './errno.js'

export interface ConnectionPlan {
  readonly target: Endpoint
  readonly bind: IpAddress | undefined
  /** Milliseconds, for the words only: `timeUp` ends it. */
  readonly timeout: number
  readonly proxyProtocol: 1 | 2 | undefined
  readonly tls: TlsPlan | undefined
}

export interface TlsPlan {
  readonly context: SecureContext
  /** Sent in the handshake; undefined: no name is. */
  readonly serverName: string | undefined
  /** Protocols to offer (RFC 7301). */
  readonly alpn: readonly string[]
  /** The server must choose one of them; otherwise it need not know of such a choice. */
  readonly alpnRequired: boolean
}

export interface Connection {
  readonly socket: Socket
  /** The same, when it is encrypted. */
  readonly secure: TLSSocket | undefined
  /** Ends it by a reset, which leaves no TIME_WAIT and nothing half-closed, and calls back when it is gone. */
  readonly reset: (gone?: () => void) => void
}

type Phase = 'connecting' | 'announcing' | 'handshaking'

const missing: Readonly<Record<Phase, string>> = {
  connecting: 'no answer to connect',
  announcing: 'the PROXY header was not taken',
  handshaking: 'no complete TLS handshake',
}

/** Never rejects. Unless it answers a connection, none is left. The certificate is for the caller to judge. */
export function openConnection(plan: ConnectionPlan, timeUp: TimeUp): Promise<Result<Connection, Outcome>> {
  return new Promise((resolve) => {
    let raw: Socket
    try {
      raw = connect({
        host: formatIp(plan.target.address),
        port: plan.target.port,
        ...(plan.bind && { localAddress: formatIp(plan.bind) }),
      })
    } catch (error) {
      resolve(fail(inconclusive(`cannot start: ${codeOf(error)}`)))
      return
    }
    let phase: Phase = 'connecting'
    const reset = (gone?: () => void): void => {
      if (raw.destroyed) {
        gone?.()
        return
      }
      if (gone) raw.once('close', gone)
      if (raw.connecting) raw.destroy()
      else raw.resetAndDestroy()
    }
    const settle = (result: Result<Connection, Outcome>) => {
      timeUp.removeEventListener('abort', onTimeUp)
      raw.removeListener('close', onClose)
      if (!result.ok) reset()
      resolve(result)
    }
    const refuse = (outcome: Failure | Inconclusive) => settle(fail(outcome))
    const onTimeUp = () => refuse(failed(`${missing[phase]} within ${plan.timeout} ms`))
    const onError = (error: unknown) => settle(fail(outcomeOfFailure(error, phase, plan)))
    const onClose = () => refuse(failed(closedWords(phase)))

    const encrypt = ({ context, serverName, alpn, alpnRequired }: TlsPlan) => {
      phase = 'handshaking'
      const secure = connectTls({
        socket: raw,
        secureContext: context,
        ...(serverName !== undefined && { servername: serverName }),
        ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
        // Judged afterwards, in words.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
      })
      secure.on('error', onError)
      secure.once('secureConnect', () => {
        if (alpnRequired && typeof secure.alpnProtocol !== 'string') refuse(failed(noneOf(alpn)))
        else settle(ok({ socket: secure, secure, reset }))
      })
    }
    const proceed = () => {
      if (plan.tls) encrypt(plan.tls)
      else settle(ok({ socket: raw, secure: undefined, reset }))
    }
    raw.once('connect', () => {
      if (plan.proxyProtocol === undefined) return proceed()
      phase = 'announcing'
      const from = { address: parseIp(raw.localAddress ?? ''), port: port(raw.localPort ?? 0) }
      raw.write(proxyHeader(plan.proxyProtocol, own(from, plan), plan.target), (error) => {
        if (!error && !raw.destroyed) proceed()
      })
    })
    // Stays for good: an error after the verdict has nobody to tell.
    raw.on('error', onError)
    raw.once('close', onClose)
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    if (timeUp.aborted) onTimeUp()
  })
}

/** A link-local address has its interface in it, which no PROXY header can carry. */
const own = (
  { address, port: own }: { address: IpAddress | undefined; port: Port | undefined },
  { target }: ConnectionPlan,
): Endpoint => ({ address: address ?? target.address, port: own ?? target.port })

const noneOf = (alpn: readonly string[]): string => `the server does not speak ${alpn.join(' or ')} (ALPN)`

function outcomeOfFailure(error: unknown, phase: Phase, { tls }: ConnectionPlan): Outcome {
  const code = codeOf(error)
  if (tls && code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') return failed(noneOf(tls.alpn))
  const words = phase === 'handshaking' ? tlsWords(code) : undefined
  if (words !== undefined) return failed(words)
  if (phase === 'connecting' || !(code === 'ECONNRESET' || code === 'EPIPE')) return outcomeOfErrno(code)
  // Node calls an orderly close in the wrong place ECONNRESET too; the message tells them apart.
  const isReset = error instanceof Error && /\b(read|write) E/.test(error.message)
  return failed(isReset ? closedWords(phase).replace('closed', 'reset') : closedWords(phase))
}

const closedWords = (phase: Phase): string =>
  phase === 'handshaking' ? 'connection closed during the TLS handshake' : 'connection closed'
