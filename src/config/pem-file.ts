/** Files with certificates and keys that checks name: read whole, and refused when they are something else. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { fail, ok, type Result } from '../base/result.js'

export type PemKind = 'authorities' | 'certificate' | 'key'

export interface PemRefusal {
  /** The file could not be read by this user on this machine: elsewhere it may be right. */
  readonly unreadable: boolean
  readonly message: string
}

/** A system's whole bundle of authorities has a fifth of it. */
const largest = 1024 * 1024
const othersRead = 0o007

/** The file's text. */
export function readPem(kind: PemKind, path: string): Result<string, PemRefusal> {
  const refuse = (message: string, unreadable = false) => fail({ unreadable, message: `${path}: ${message}` })
  let fd: number
  try {
    // A FIFO must be refused, not waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return refuse((error as NodeJS.ErrnoException).code ?? String(error), true)
  }
  try {
    // The open descriptor is judged, not the path: nobody can exchange the file in between.
    const stat = fstatSync(fd)
    const problem = fileProblem(kind, path, stat)
    if (problem !== undefined) return refuse(problem)
    const text = readText(fd, stat.size)
    const wrong = kind === 'key' ? keyProblem(text) : certificatesProblem(text)
    return wrong === undefined ? ok(text) : refuse(wrong)
  } catch (error) {
    return refuse((error as NodeJS.ErrnoException).code ?? String(error), true)
  } finally {
    closeSync(fd)
  }
}

/** Whether the key is the first certificate's. Both as `readPem` answered them. */
export function isPair(certificate: string, key: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
}

function fileProblem(kind: PemKind, path: string, stat: Stats): string | undefined {
  if (!stat.isFile()) return 'is not a regular file'
  if (stat.size > largest) return `has ${stat.size} bytes, expected at most ${largest} (1 MiB)`
  if (kind !== 'key' || (stat.mode & othersRead) === 0) return undefined
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
  return `mode ${mode} lets everybody read the key (chmod 0600 ${path})`
}

function readText(fd: number, size: number): string {
  const buffer = Buffer.alloc(size)
  return buffer.toString('latin1', 0, readSync(fd, buffer, 0, size, 0))
}

const block =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

function certificatesProblem(text: string): string | undefined {
  const blocks = text.match(block) ?? []
  if (blocks.length === 0) return 'has no certificate in PEM'
  for (const [i, one] of blocks.entries()) {
    try {
      new X509Certificate(one)
    } catch {
      return `its certificate ${i + 1} is not valid PEM`
    }
  }
  return undefined
}

function keyProblem(text: string): string | undefined {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text))
    return 'the key is encrypted, and there is nobody to ask for its passphrase'
  try {
    createPrivateKey(text)
    return undefined
  } catch {
    return 'has no private key in PEM'
  }
}
