/** Tells a web address of an event. */
import { readFile } from 'node:fs/promises'
import got from 'got'
import type { UrlHookConfig } from '../config/hook.js'
import type { HookMessage } from './message.js'

/** Status line and headers together. */
const headerLimit = 16 * 1024

/**
 * Undefined when the answer is 200 to 299; otherwise what was wrong, in words that hold neither the path nor the
 * query of the URL. Never rejects. `cut` ends it, with its reason.
 */
export async function post(
  hook: UrlHookConfig,
  message: HookMessage,
  cut: AbortSignal,
): Promise<string | undefined> {
  let certificates: string | undefined
  try {
    if (hook.caFile !== undefined) certificates = await readFile(hook.caFile, 'utf8')
  } catch (error) {
    return `ca_file: ${codeOf(error)}`
  }
  return new Promise((resolve) => {
    const request = got.stream.post(hook.url, {
      body: JSON.stringify(message),
      headers: { 'user-agent': 'vipair', 'content-type': 'application/json', ...hook.headers },
      https: {
        rejectUnauthorized: hook.verify,
        ...(certificates !== undefined && { certificateAuthority: certificates }),
      },
      timeout: { request: hook.timeout },
      retry: { limit: 0 },
      // Where a secret of ours may go is the file's to say.
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      maxHeaderSize: headerLimit,
    })
    const finish = (failure: string | undefined): void => {
      cut.removeEventListener('abort', onCut)
      resolve(failure)
      request.destroy()
    }
    const onCut = (): void => finish(String(cut.reason))
    request.once('response', ({ statusCode }: { statusCode: number }) =>
      // Its body has nothing to say to us.
      finish(statusCode >= 200 && statusCode <= 299 ? undefined : `status ${statusCode}, expected 200-299`),
    )
    request.on('error', (error) => finish(words[codeOf(error)] ?? codeOf(error)))
    cut.addEventListener('abort', onCut, { once: true })
    if (cut.aborted) onCut()
    else request.resume()
  })
}

const words: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'no answer in time',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be resolved now',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody else (ca_file)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is vouched for by nobody known (ca_file)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is vouched for by nobody known (ca_file)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is vouched for by nobody known (ca_file)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** The error's code, or its name: its message may hold the URL. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
