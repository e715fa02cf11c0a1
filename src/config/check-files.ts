/** What the checks' files hold. Read by whoever may read them; the checks run as nobody. */
import { fail, ok, type Result } from '../base/result.js'
import type { CheckConfig } from './check.js'
import type { EncryptionConfig } from './checks/tls.js'
import type { VirtualServiceConfig } from './model.js'
import { isPair, type PemKind, readPem } from './pem-file.js'

export interface CheckFiles {
  /** PEM by path. Some are secret. */
  readonly texts: Readonly<Record<string, string>>
  /** Authorities that this system trusts; undefined: nobody needs them, or there is no such file. */
  readonly authorities: string | undefined
}

export const noCheckFiles: CheckFiles = { texts: {}, authorities: undefined }

/** Where systems keep the authorities that they trust: Debian, Red Hat, SUSE, Alpine. */
const systemAuthorities = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/** Or one line for each file that is refused. */
export function readCheckFiles(
  services: readonly VirtualServiceConfig[],
): Result<CheckFiles, readonly string[]> {
  const encrypted = new Set(services.flatMap(encryptionsOf))
  const texts = new Map<string, string>()
  const problems = new Set<string>()
  const read = (kind: PemKind, path: string | undefined): string | undefined => {
    if (path === undefined) return undefined
    const found = readPem(kind, path)
    if (found.ok) texts.set(path, found.value)
    else problems.add(`${keyOf[kind]} ${found.error.message}`)
    return found.ok ? found.value : undefined
  }
  const seen = new Set<string>()
  for (const { caFile, certFile, keyFile } of encrypted) {
    const files = JSON.stringify([caFile, certFile, keyFile])
    if (seen.has(files)) continue
    seen.add(files)
    read('authorities', caFile)
    const certificate = read('certificate', certFile)
    const key = read('key', keyFile)
    if (certificate !== undefined && key !== undefined && !isPair(certificate, key))
      problems.add(`key_file ${keyFile}: is not the key of ${certFile}`)
  }
  if (problems.size > 0) return fail([...problems])
  const wanted = [...encrypted].some(({ verify, caFile }) => verify && caFile === undefined)
  return ok({ texts: Object.fromEntries(texts), authorities: wanted ? readAuthorities() : undefined })
}

const keyOf: Readonly<Record<PemKind, string>> = {
  authorities: 'ca_file',
  certificate: 'cert_file',
  key: 'key_file',
}

const encryptionsOf = ({ realServers }: VirtualServiceConfig): readonly EncryptionConfig[] =>
  realServers.flatMap(({ checks }) => checks.filter(isEncrypted))

const isEncrypted = (check: CheckConfig): check is CheckConfig & EncryptionConfig => 'verify' in check

function readAuthorities(): string | undefined {
  for (const path of systemAuthorities) {
    const found = readPem('authorities', path)
    if (found.ok) return found.value
  }
  return undefined
}
