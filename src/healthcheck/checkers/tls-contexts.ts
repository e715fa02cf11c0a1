/** What TLS is spoken with: authorities and client certificates, prepared once for all the checks that share them. */
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { type CheckFiles, noCheckFiles } from '../../config/check-files.js'
import type { EncryptionConfig } from '../../config/checks/tls.js'

export class TlsContexts {
  private readonly known = new Map<string, SecureContext>()

  constructor(private files: CheckFiles = noCheckFiles) {}

  /** From now on; what is under way goes on with what it has. */
  replace(files: CheckFiles): void {
    this.files = files
    this.known.clear()
  }

  /** Throws when a file is not there, or OpenSSL does not take it. */
  of({ verify, caFile, certFile, keyFile }: EncryptionConfig): SecureContext {
    const name = JSON.stringify([verify && (caFile ?? true), certFile, keyFile])
    const known = this.known.get(name)
    if (known) return known
    const context = createSecureContext({
      // Reading a hundred authorities takes milliseconds.
      ca: verify ? this.authorities(caFile) : [],
      ...(certFile !== undefined && { cert: this.text(certFile) }),
      ...(keyFile !== undefined && { key: this.text(keyFile) }),
      minVersion: 'TLSv1.2',
    })
    this.known.set(name, context)
    return context
  }

  private authorities(caFile: string | undefined): string | string[] {
    return caFile === undefined ? (this.files.authorities ?? [...rootCertificates]) : this.text(caFile)
  }

  private text(path: string): string {
    const text = this.files.texts[path]
    if (text === undefined) throw new Error(`${path} was not handed over`)
    return text
  }
}
