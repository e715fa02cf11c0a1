import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readKeyFile } from '../../src/daemon/key-file.js'

describe('the pair key file', () => {
  let folder: string
  const key = Buffer.from(Uint8Array.from({ length: 32 }, (_, i) => i)).toString('base64')

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vipair-key-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const written = (text: string, mode: number): string => {
    const file = join(folder, 'pair.key')
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  it('is read when only its owner can', () => {
    for (const mode of [0o600, 0o400]) {
      const read = readKeyFile(written(`${key}\n`, mode))
      assert.ok(read.ok)
      assert.equal(read.value.export().toString('base64'), key)
      rmSync(join(folder, 'pair.key'))
    }
  })

  for (const mode of [0o640, 0o604, 0o660, 0o622]) {
    it(`is refused with mode ${mode.toString(8)}, and the cure is named`, () => {
      const read = readKeyFile(written(`${key}\n`, mode))
      assert.ok(!read.ok)
      assert.match(read.error, /mode 0\d{3} lets others .*chmod 600/)
    })
  }

  it('is refused when it is missing, a directory, a FIFO, too large or no key', () => {
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', ['-m', '600', fifo])
    const cases: readonly (readonly [string, RegExp])[] = [
      [join(folder, 'missing'), /ENOENT/],
      [folder, /not a regular file/],
      [fifo, /not a regular file/],
      [written('x'.repeat(2000), 0o600), /2000 bytes, expected one line/],
    ]
    for (const [file, reason] of cases) {
      const read = readKeyFile(file)
      assert.ok(!read.ok)
      assert.match(read.error, reason)
    }
    assert.ok(!readKeyFile(written('not a key\n', 0o600)).ok)
  })
})
