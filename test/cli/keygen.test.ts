import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runKeygen } from '../../src/cli/keygen.js'
import { parsePairKey } from '../../src/pair/key.js'

function captured() {
  const written = { out: '', error: '' }
  const io = {
    out: (text: string) => {
      written.out += text
    },
    error: (text: string) => {
      written.error += text
    },
  }
  return { io, written }
}

describe('keygen', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vipair-keygen-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  it('prints a new key each time', async () => {
    const [one, two] = [captured(), captured()]
    assert.deepEqual([await runKeygen(undefined, one.io), await runKeygen(undefined, two.io)], [0, 0])
    assert.ok(parsePairKey(one.written.out).ok && parsePairKey(two.written.out).ok)
    assert.notEqual(one.written.out, two.written.out)
    assert.equal(one.written.error, '')
  })

  it('writes a file that only its owner can read, whatever the umask', async () => {
    const file = join(directory, 'pair.key')
    const before = process.umask(0)
    const { io, written } = captured()
    assert.equal(await runKeygen(file, io), 0)
    process.umask(before)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.ok(parsePairKey(await readFile(file, 'utf8')).ok)
    assert.equal(written.out, '')
    assert.ok(written.error.includes(file))
  })

  it('overwrites nothing and follows no link', async () => {
    const file = join(directory, 'pair.key')
    const { io, written } = captured()
    await runKeygen(file, captured().io)
    const before = await readFile(file, 'utf8')
    assert.equal(await runKeygen(file, io), 1)
    assert.match(written.error, /exists; a key in use is not overwritten/)
    assert.equal(await readFile(file, 'utf8'), before)
    await symlink(join(directory, 'elsewhere'), join(directory, 'link'))
    assert.equal(await runKeygen(join(directory, 'link'), captured().io), 1)
  })

  it('says why it failed', async () => {
    const { io, written } = captured()
    assert.equal(await runKeygen(join(directory, 'none', 'pair.key'), io), 1)
    assert.match(written.error, /cannot write .*: ENOENT/)
  })
})
