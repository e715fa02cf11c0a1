import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCheck } from '../../src/cli/check.js'
import { readCheckFiles } from '../../src/config/check-files.js'
import { diff } from '../../src/config/diff.js'
import { normalForm } from '../../src/config/normal.js'
import { parseConfig } from '../../src/config/parse.js'
import { Authority } from '../healthcheck/certificates.js'
import { inserted } from './base-file.js'

const withCheck = (table: string): string => inserted(16, `check = { ${table} }`)

const parse = (table: string) => {
  const read = parseConfig(withCheck(table))
  ok(read.ok, JSON.stringify(read))
  return read.value.config
}

describe('files of checks', () => {
  let ca: Authority
  let folder = ''
  const file = (name: string): string => join(folder, name)
  before(() => {
    ca = Authority.make('Test CA')
    folder = ca.folder
  })
  after(() => ca.remove())

  const filesOf = (table: string) => readCheckFiles(parse(table).virtualServices)
  const problemsOf = (table: string) => {
    const files = filesOf(table)
    return files.ok ? [] : files.error
  }

  it('are read by path, each once', () => {
    const client = ca.issue('client')
    const { certFile, keyFile } = client
    const files = filesOf(
      `type = "tls", ca_file = "${ca.caFile}", cert_file = "${certFile}", key_file = "${keyFile}"`,
    )
    ok(files.ok)
    deepEqual(files.value.texts, {
      [ca.caFile]: ca.own.cert,
      [certFile]: client.cert,
      [keyFile]: client.key,
    })
    equal(files.value.authorities, undefined)
  })

  it('are none without TLS, and none of the system’s where nothing is verified', () => {
    for (const table of ['type = "http"', 'type = "https", verify = false']) {
      deepEqual(filesOf(table), { ok: true, value: { texts: {}, authorities: undefined } })
    }
  })

  it('are refused with the reason', () => {
    writeFileSync(file('empty.pem'), '')
    writeFileSync(file('half.pem'), ca.own.cert.slice(0, 200))
    writeFileSync(file('bad.pem'), ca.own.cert.replace('\nMII', '\nAAA'))
    writeFileSync(file('large.pem'), 'x'.repeat(1024 * 1024 + 1))
    execFileSync('mkfifo', [file('fifo.pem')])
    const problem = (name: string) => problemsOf(`type = "tls", ca_file = "${file(name)}"`)
    deepEqual(problem('none.pem'), [`ca_file ${file('none.pem')}: ENOENT`])
    deepEqual(problem('empty.pem'), [`ca_file ${file('empty.pem')}: has no certificate in PEM`])
    deepEqual(problem('half.pem'), [`ca_file ${file('half.pem')}: has no certificate in PEM`])
    deepEqual(problem('bad.pem'), [`ca_file ${file('bad.pem')}: its certificate 1 is not valid PEM`])
    deepEqual(problem('fifo.pem'), [`ca_file ${file('fifo.pem')}: is not a regular file`])
    deepEqual(problem('large.pem'), [
      `ca_file ${file('large.pem')}: has 1048577 bytes, expected at most 1048576 (1 MiB)`,
    ])
  })

  it('are refused when the key is not the certificate’s, is encrypted, or everybody’s', () => {
    const [one, two] = [ca.issue('one'), ca.issue('two')]
    const problem = (key: string) =>
      problemsOf(`type = "tls", verify = false, cert_file = "${one.certFile}", key_file = "${key}"`)
    deepEqual(problem(two.keyFile), [`key_file ${two.keyFile}: is not the key of ${one.certFile}`])
    deepEqual(problem(one.certFile), [
      `key_file ${one.certFile}: mode 0644 lets everybody read the key (chmod 0600 ${one.certFile})`,
    ])
    const locked = file('locked.key')
    execFileSync('openssl', ['ec', '-aes128', '-passout', 'pass:x', '-in', one.keyFile, '-out', locked], {
      stdio: 'ignore',
    })
    deepEqual(problem(locked), [
      `key_file ${locked}: the key is encrypted, and there is nobody to ask for its passphrase`,
    ])
    chmodSync(one.certFile, 0o600)
    deepEqual(problem(one.certFile), [`key_file ${one.certFile}: has no private key in PEM`])
  })

  it('are looked at by vipair check: with their place, an error when they are wrong, a warning when they are not here', async () => {
    const path = file('vipair.toml')
    const told = async (table: string) => {
      writeFileSync(path, withCheck(table))
      let text = ''
      const status = await runCheck(path, {
        write: (more) => {
          text += more
        },
      })
      return { status, line: text.split('\n')[0]?.replaceAll(`${folder}/`, '') }
    }
    writeFileSync(file('junk.pem'), 'junk')
    deepEqual(await told(`type = "https", ca_file = "${file('junk.pem')}"`), {
      status: 2,
      line: 'vipair.toml:17:37: virtual_service[0].check.ca_file: junk.pem: has no certificate in PEM',
    })
    deepEqual(await told(`type = "https", ca_file = "${file('none.pem')}"`), {
      status: 0,
      line: 'vipair.toml:17:37: virtual_service[0].check.ca_file: warning: this machine would not read it: none.pem: ENOENT, expected the file on each director, before vipair starts',
    })
  })

  it('leave no secret in the hash, the normal form or a difference', () => {
    const client = ca.issue('secret')
    const table = `type = "tls", cert_file = "${client.certFile}", key_file = "${client.keyFile}"`
    const config = parse(table)
    const normal = JSON.stringify(normalForm(config))
    const [, line = ''] = readFileSync(client.keyFile, 'utf8').split('\n')
    match(line, /^[\w+/]{40}/)
    ok(!normal.includes(line) && normal.includes(client.keyFile))
    const told = diff(config, parse(`${table}, expires_within = "14d"`))
    ok(told.length > 0 && !JSON.stringify(told).includes(line))
  })
})
