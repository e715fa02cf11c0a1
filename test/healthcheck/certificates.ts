/** Authorities and certificates, made with openssl as an operator would. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certified {
  readonly certFile: string
  readonly keyFile: string
  /** PEM, with whatever belongs to its chain. */
  readonly cert: string
  readonly key: string
}

interface Wish {
  /** Of the subject alternative name, as openssl writes it: `DNS:a.example,IP:127.0.0.1`. */
  readonly names?: string
  /** Days from now. */
  readonly from?: number
  readonly until?: number
  readonly authority?: boolean
}

const configuration = (folder: string): string => `
[ca]
default_ca = one
[one]
dir = ${folder}
database = ${folder}/index.txt
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[req]
distinguished_name = empty
[empty]
`

const dayMs = 86_400_000
const date = (days: number): string =>
  new Date(Date.now() + days * dayMs).toISOString().replace(/[-:T]|\.\d+/g, '')

/** A folder with an authority in it that signs what it is asked for. */
export class Authority {
  private constructor(
    readonly folder: string,
    readonly own: Certified,
  ) {}

  static make(name: string): Authority {
    const folder = mkdtempSync(join(tmpdir(), 'vipair-ca-'))
    writeFileSync(join(folder, 'openssl.cnf'), configuration(folder))
    writeFileSync(join(folder, 'index.txt'), '')
    return new Authority(folder, issue(folder, name, { authority: true }))
  }

  get caFile(): string {
    return this.own.certFile
  }

  issue(name: string, wish: Wish = {}): Certified {
    return issue(this.folder, name, wish, this.own)
  }

  /** An authority below this one; its certificates come without it. */
  below(name: string): Authority {
    const folder = join(this.folder, name)
    mkdirSync(folder)
    writeFileSync(join(folder, 'openssl.cnf'), configuration(folder))
    writeFileSync(join(folder, 'index.txt'), '')
    return new Authority(folder, this.issue(name, { authority: true }))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

/** Signed by `signer`, or by itself. */
function issue(folder: string, name: string, wish: Wish, signer?: Certified): Certified {
  const file = (end: string): string => join(folder, `${name.replaceAll(' ', '-')}.${end}`)
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const [keyFile, certFile] = [file('key'), file('crt')]
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyFile)
  openssl(
    'req',
    '-new',
    '-key',
    keyFile,
    '-subj',
    `/CN=${name}`,
    '-config',
    'openssl.cnf',
    '-out',
    file('csr'),
  )
  writeFileSync(
    file('ext'),
    wish.authority
      ? 'basicConstraints = critical,CA:TRUE\nkeyUsage = keyCertSign,digitalSignature\n'
      : `basicConstraints = CA:FALSE\n${wish.names === undefined ? '' : `subjectAltName = ${wish.names}\n`}`,
  )
  const signed = signer
    ? ['-cert', signer.certFile, '-keyfile', signer.keyFile]
    : ['-selfsign', '-keyfile', keyFile]
  const days = ['-startdate', date(wish.from ?? -1), '-enddate', date(wish.until ?? 365)]
  const out = ['-extfile', file('ext'), '-notext', '-batch', '-config', 'openssl.cnf', '-out', certFile]
  openssl('ca', '-in', file('csr'), ...signed, ...days, ...out)
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}
