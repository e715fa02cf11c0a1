/** Programs as they are: some misbehave. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProgramCall, ProgramRun } from '../../src/base/program.js'
import { millis } from '../../src/base/units.js'
import { SystemClock } from '../../src/platform/clock.js'
import { programsOn } from '../../src/platform/program.js'
import { Reactor } from '../../src/platform/reactor.js'
import { findUser } from '../../src/platform/users.js'
import { eventually } from './eventually.js'

describe('platform/program', function () {
  this.timeout(30_000)

  let directory = ''
  let reactor: Reactor
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-program-'))
    chmodSync(directory, 0o755)
    reactor = Reactor.open()
  })
  afterEach(() => {
    reactor.close()
    rmSync(directory, { recursive: true })
  })

  const at = (name: string): string => join(directory, name)
  const script = (name: string, body: string): string => {
    writeFileSync(at(name), `#!/bin/sh\n${body}\n`)
    chmodSync(at(name), 0o755)
    return at(name)
  }
  const run = (
    command: readonly string[],
    timeout = 10_000,
    more: Partial<ProgramCall> = {},
  ): Promise<ProgramRun> =>
    new Promise((resolve) => {
      let ran: ProgramRun = { how: 'refused', reason: 'nothing was told' }
      const call = { command, timeout: millis(timeout), user: undefined, ...more }
      const onRun = (how: ProgramRun): void => {
        ran = how
      }
      programsOn(new SystemClock(reactor))(call, onRun, () => resolve(ran))
    })
  const holds = (condition: () => boolean): Promise<void> => eventually(condition.toString(), condition)
  /** Whether a process of this number runs and is no zombie. */
  const lives = (pid: number): boolean => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }
  const pidIn = (file: string): number => Number(readFileSync(at(file), 'utf8'))

  it('is judged by its exit status, with what it said', async () => {
    deepEqual(await run([script('ok', 'exit 0')]), { how: 'exited', status: 0, output: '' })
    const bad = await run([script('bad', 'echo "no route" >&2; exit 7')])
    deepEqual(bad, { how: 'exited', status: 7, output: 'no route\n' })
  })

  it('gets its arguments as they are, no shell between, and none of our environment', async () => {
    process.env.VIPAIR_SECRET = 'x'
    const echo = script('echo', 'printf "%s|" "$@" "$PWD" "$VIPAIR_SECRET"')
    const said = await run([echo, 'a b', '$HOME', ';', '*'])
    delete process.env.VIPAIR_SECRET
    deepEqual(said, { how: 'exited', status: 0, output: 'a b|$HOME|;|*|/||' })
  })

  it('that ignores SIGTERM and never ends is killed at its time limit', async () => {
    const stubborn = script(
      'stubborn',
      `trap '' TERM INT HUP; echo $$ > ${at('pid')}; while :; do sleep 1; done`,
    )
    deepEqual(await run([stubborn], 700), { how: 'timeout', milliseconds: 700 })
    await holds(() => !lives(pidIn('pid')))
  })

  it('takes the children that it forked with it, at its time limit', async () => {
    const parent = script('parent', `sleep 300 & echo $! > ${at('child')}; wait`)
    deepEqual(await run([parent], 700), { how: 'timeout', milliseconds: 700 })
    await holds(() => !lives(pidIn('child')))
  })

  it('takes them with it when it ends by itself, and does not wait for their hold of its output', async () => {
    const leaver = script('leaver', `sleep 300 & echo $! > ${at('child')}; exit 0`)
    deepEqual(await run([leaver]), { how: 'exited', status: 0, output: '' })
    await holds(() => !lives(pidIn('child')))
  })

  it('that floods its output is ended, and keeps no memory', async () => {
    const before = process.memoryUsage().rss
    const flood = await run([script('flood', 'exec cat /dev/zero')])
    equal(flood.how, 'flood')
    ok(process.memoryUsage().rss - before < 64 << 20)
  })

  it('that is not there, or is no program, says why', async () => {
    deepEqual(await run([at('none')]), {
      how: 'refused',
      reason:
        'cannot be started: spawn ENOENT (it is not there, or the interpreter in its first line is not)',
    })
    const interpreter = script('interpreted', '')
    writeFileSync(interpreter, '#!/no/such/interpreter\n')
    deepEqual(await run([interpreter]), await run([at('none')]))
    writeFileSync(at('plain'), '', { mode: 0o644 })
    deepEqual(await run([at('plain')]), { how: 'refused', reason: 'cannot be started: spawn EACCES' })
  })

  it('gets what it is given on its standard input, and the variables it is given', async () => {
    const reader = script('reader', 'read line; echo "$line for $VIPAIR_NAME"')
    const given = { input: '{"a":1}\n', variables: { VIPAIR_NAME: 'x y' } }
    deepEqual(await run([reader], 10_000, given), { how: 'exited', status: 0, output: '{"a":1} for x y\n' })
    const careless = script('careless', 'exit 0')
    deepEqual(await run([careless], 10_000, { input: 'x'.repeat(1 << 20) }), {
      how: 'exited',
      status: 0,
      output: '',
    })
  })

  it('that closes its output and sleeps is ended at its time limit', async () => {
    const closer = script('closer', `echo $$ > ${at('pid')}; exec >&- 2>&-; sleep 300`)
    deepEqual(await run([closer], 700), { how: 'timeout', milliseconds: 700 })
    await holds(() => !lives(pidIn('pid')))
  })

  it('keeps the end of what it said', async () => {
    const talker = script('talker', 'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done; exit 3')
    const said = await run([talker])
    equal(said.how, 'exited')
    ok(said.how === 'exited' && said.output.length <= 512 && said.output.endsWith('line 499\n'))
  })

  it('a user is found by name', () => {
    writeFileSync(at('passwd'), 'root:x:0:0::/:/bin/sh\nmonitor:x:990:980::/:/bin/false\n')
    deepEqual(findUser('monitor', at('passwd')), { ok: true, value: { uid: 990, gid: 980 } })
    deepEqual(findUser('monito', at('passwd')), { ok: false, error: 'there is no user monito' })
  })
})
