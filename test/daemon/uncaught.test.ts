/** What a bug leaves behind: one line, in the log's own format. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./fixtures/throws.js', import.meta.url))

function run(...words: string[]): { status: number | null; lines: string[] } {
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' })
  return { status, lines: stderr.trimEnd().split('\n') }
}

describe('daemon/uncaught', function () {
  this.timeout(20_000)

  for (const [how, message] of [
    ['throws', 'uncaught: one\ntwo'],
    ['rejects', 'uncaught: nobody waits'],
  ] as const) {
    it(`what ${how} is one JSON object with its stack, and the process ends with 1`, () => {
      const { status, lines } = run('json', how)
      assert.equal(status, 1)
      assert.equal(lines.length, 1, lines.join('\n'))
      const entry = JSON.parse(lines[0] ?? '') as Record<string, string>
      assert.deepEqual([entry.level, entry.process, entry.message], ['error', 'vrrp', message])
      assert.match(entry.stack ?? '', /\/test\/daemon\/fixtures\/throws\.ts:\d+:\d+/)
    })
  }

  it('is one line in text too', () => {
    const { lines } = run('text', 'throws')
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /^\S+ error vrrp: uncaught: one two stack="Error: one/)
  })
})
