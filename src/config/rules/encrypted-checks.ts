/** Rules about checks that speak HTTP or TLS, and about the files that they name. */
import type { Path } from '../node.js'
import { isPair, type PemKind, type readPem } from '../pem-file.js'
import { printable } from '../printable.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'

type ServiceDraft = NonNullable<NonNullable<FileDraft['virtual_service']>[number]>
type CheckDraft = NonNullable<NonNullable<ServiceDraft['check']>[number]>

/** Looks at a file of this machine. */
export type PemReader = typeof readPem

/** `read` undefined: the files are not looked at. */
export function checkEncryptedChecks(file: FileDraft, report: Report, read?: PemReader): void {
  for (const [i, service] of (file.virtual_service ?? []).entries()) {
    const path: Path = ['virtual_service', i]
    const lists: [Path, ServiceDraft['check']][] = [[[...path, 'check'], service?.check]]
    for (const [k, server] of (service?.real_servers ?? []).entries())
      lists.push([[...path, 'real_servers', k, 'check'], server?.check])
    for (const [where, list] of lists)
      for (const [n, check] of (list ?? []).entries())
        if (check) checkOne(check, report.isAbsent([...where, n]) ? where : [...where, n], report, read)
  }
}

function checkOne(check: CheckDraft, path: Path, report: Report, read: PemReader | undefined): void {
  if ('method' in check && check.method === 'HEAD')
    for (const key of ['body', 'body_sha256'] as const)
      if (check[key] !== undefined)
        report.error([...path, key], 'an answer to HEAD has no body', { expected: 'method = "GET"' })
  if (!('verify' in check)) return
  const { cert_file: certificate, key_file: key } = check
  if (certificate !== undefined && key === undefined && report.isAbsent([...path, 'key_file']))
    report.error([...path, 'cert_file'], 'its key is missing', { expected: 'key_file beside it' })
  if (key !== undefined && certificate === undefined && report.isAbsent([...path, 'cert_file']))
    report.error([...path, 'key_file'], 'its certificate is missing', { expected: 'cert_file beside it' })
  if (check.verify === false && check.ca_file !== undefined)
    report.warning([...path, 'ca_file'], 'nothing is verified', { expected: 'verify = true, or no ca_file' })
  if (read) checkFiles(check, path, report, read)
}

const kinds = [
  ['ca_file', 'authorities'],
  ['cert_file', 'certificate'],
  ['key_file', 'key'],
] as const satisfies readonly (readonly [string, PemKind])[]

function checkFiles(
  check: Extract<CheckDraft, { readonly verify?: unknown }>,
  path: Path,
  report: Report,
  read: PemReader,
): void {
  const texts = kinds.map(([name, kind]) => {
    const file = check[name]
    const found = file === undefined ? undefined : read(kind, file)
    if (!found || found.ok) return found?.value
    const { unreadable, message } = found.error
    if (!unreadable) report.error([...path, name], printable(message))
    else
      report.warning([...path, name], `this machine would not read it: ${printable(message)}`, {
        expected: 'the file on each director, before vipair starts',
      })
    return undefined
  })
  const [, certificate, key] = texts
  if (certificate !== undefined && key !== undefined && !isPair(certificate, key))
    report.error([...path, 'key_file'], 'it is not the key of cert_file')
}
