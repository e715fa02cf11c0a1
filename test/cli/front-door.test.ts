import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

describe('bin/vipair', function () {
  this.timeout(20_000)
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vipair-front-door-'))
    cpSync('bin', join(folder, 'bin'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const built = (path: string, says: string, at: number): void => {
    const file = join(folder, 'build', path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, `process.stdout.write('${says}')`)
    utimesSync(file, at, at)
  }
  const run = (): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/vipair')], { encoding: 'utf8' })
    assert.equal(stderr, '')
    return stdout
  }

  it('starts the bundle, and the modules where there is none or an older one', () => {
    built('src/cli/main.js', 'modules', 1_000)
    assert.equal(run(), 'modules')
    built('bundle/daemon/cli.js', 'bundle', 1_000)
    assert.equal(run(), 'bundle')
    built('src/cli/main.js', 'modules', 1_001)
    assert.equal(run(), 'modules')
  })
})
