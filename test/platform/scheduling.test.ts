import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { prefer } from '../../src/platform/scheduling.js'

const module = new URL('../../src/platform/scheduling.js', import.meta.url).href
const claim = `
import { readFileSync } from 'node:fs'
import { claimRealtime } from ${JSON.stringify(module)}
const line = claimRealtime(20)
const stat = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')
console.log(JSON.stringify({ line, priority: stat[37], policy: stat[38] }))
`

function run(prefix: readonly string[]) {
  const [command = '', ...rest] = [...prefix, process.execPath, '--input-type=module', '-e', claim]
  const ended = spawnSync(command, rest, { encoding: 'utf8', timeout: 20_000 })
  assert.equal(ended.status, 0, ended.stderr)
  return JSON.parse(ended.stdout)
}

describe('scheduling', function () {
  this.timeout(20_000)
  const realtime = { line: 'real-time priority 20', priority: '20', policy: '2' }
  const withoutPrivilege = [
    'setpriv',
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--reuid=65534',
    '--clear-groups',
  ]

  it('is real time where it is permitted', () => {
    assert.deepEqual(run([]), realtime)
  })

  it('prefers a process for a while, and is not disturbed by one that has gone', async () => {
    const child = spawn('sleep', ['60'])
    try {
      prefer(child.pid, true)
      assert.equal(getPriority(child.pid), -20)
      prefer(child.pid, false)
      assert.equal(getPriority(child.pid), 0)
    } finally {
      child.kill()
      await once(child, 'exit')
    }
    prefer(child.pid, true)
    prefer(undefined, true)
  })

  it('says in one line what is not permitted, and goes on', () => {
    assert.deepEqual(run(withoutPrivilege), {
      line: 'ordinary scheduling: EPERM',
      priority: '0',
      policy: '0',
    })
  })
})
