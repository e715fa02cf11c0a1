/** The programs process as it is, with programs that misbehave. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProgramRun } from '../../src/base/program.js'
import { millis } from '../../src/base/units.js'
import { type ProgramConfig, programKey } from '../../src/config/program.js'
import type { FromPrograms, ToPrograms } from '../../src/daemon/messages.js'
import { mostAtOnce, type ProgramsStatus } from '../../src/programs/runtime.js'
import { eventually } from '../platform/eventually.js'

describe('programs process', function () {
  this.timeout(90_000)

  let directory = ''
  let child: ChildProcess
  let status: ProgramsStatus | undefined
  const answers = new Map<number, ProgramRun>()
  const groups = new Set<number>()
  let mostGroups = 0
  let lastId = 0

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-programs-'))
    chmodSync(directory, 0o755)
    mkdirSync(at('out'))
    chmodSync(at('out'), 0o1777)
    answers.clear()
    groups.clear()
    mostGroups = 0
    child = fork(new URL('../../src/daemon/programs-process.js', import.meta.url), ['warn', 'text'], {
      serialization: 'advanced',
    })
    child.on('message', (message: FromPrograms) => {
      if (message.type === 'programEnded') answers.set(message.id, message.run)
      if (message.type === 'status') status = message.status
      if (message.type !== 'scriptGroup') return
      if (message.there) groups.add(message.group)
      else groups.delete(message.group)
      mostGroups = Math.max(mostGroups, groups.size)
    })
  })
  afterEach(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode === null && child.signalCode === null) {
      send({ type: 'stop' })
      await ended
    }
    rmSync(directory, { recursive: true })
  })

  const at = (name: string): string => join(directory, name)
  const script = (name: string, body: string): string => {
    writeFileSync(at(name), `#!/bin/sh\n${body}\n`)
    chmodSync(at(name), 0o755)
    return at(name)
  }
  const send = (message: ToPrograms): boolean => child.send(message)
  const program = (command: readonly string[], more: Partial<ProgramConfig> = {}): ProgramConfig => ({
    use: 'check',
    command,
    user: 'nobody',
    timeout: millis(20_000),
    ...more,
  })
  const start = (...programs: ProgramConfig[]): void => {
    send({ type: 'start', setting: { programs, director: 'lb1' } })
  }
  const ask = (which: ProgramConfig, variables: Record<string, string> = {}, input?: string): number => {
    const id = ++lastId
    send({
      type: 'run',
      request: { id, origin: 'x', key: programKey(which), variables, input, patience: millis(1_000) },
    })
    return id
  }
  const answered = async (id: number): Promise<ProgramRun> => {
    await eventually(`answer ${id}`, () => answers.has(id), 60_000)
    return answers.get(id) ?? { how: 'refused', reason: 'none' }
  }
  /** Of what runs, zombies left out: those whose command line has this word. */
  const running = (word: string): number =>
    readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word)
      } catch {
        return false
      }
    }).length

  it('runs as the user, with the documented variables and no other', async () => {
    const env = program([script('env', 'id -un; env | sort | grep -v "^_=\\|^PWD=" | tr "\\n" ,')])
    start(env)
    deepEqual(await answered(ask(env, { VIPAIR_ADDRESS: '10.0.0.21', LD_PRELOAD: '/tmp/x.so' })), {
      how: 'exited',
      status: 0,
      output: `nobody\nLANG=C.UTF-8,PATH=/usr/sbin:/usr/bin:/sbin:/bin,VIPAIR_ADDRESS=10.0.0.21,VIPAIR_DIRECTOR=lb1,`,
    })
  })

  it('runs nothing that is not in the file, and nothing that others could change', async () => {
    const open = program([script('open', 'exit 0')])
    chmodSync(at('open'), 0o777)
    start(open)
    deepEqual(await answered(ask(program(['/bin/true']))), {
      how: 'refused',
      reason: 'is not in the file any more',
    })
    const refusal = `script ${at('open')}: mode 0777 lets others write to it (chmod go-w ${at('open')})`
    deepEqual(await answered(ask(open)), { how: 'refused', reason: refusal })
    await eventually('the status says so', () => status?.refused.includes(refusal) === true)
    chmodSync(at('open'), 0o755)
    equal((await answered(ask(open))).how, 'exited')
    await eventually('the status forgets it', () => status?.refused.length === 0)
  })

  it('says that a user is not there', async () => {
    const lost = program(['/bin/true'], { user: 'no-such-user' })
    start(lost)
    deepEqual(await answered(ask(lost)), {
      how: 'refused',
      reason: '/bin/true: there is no user no-such-user',
    })
  })

  it(`starts 1,000 that are asked for at once, ${mostAtOnce.check} at a time, and a hook meanwhile`, async () => {
    const one = program([script('one', 'exit 0')])
    const slow = program([script('slow', 'exec sleep 0.2')])
    const hook = program([script('hook', 'exit 0')], { use: 'hook' })
    start(one, slow, hook)
    const ids = Array.from({ length: 1_000 }, (_, i) => ask(i % 10 === 0 ? slow : one))
    const own = ask(hook)
    await answered(own)
    ok(answers.size < 500, `the hook waited for ${answers.size} checks`)
    await eventually('all ended', () => answers.size === ids.length + 1, 80_000)
    deepEqual(
      new Set(ids.map((id) => JSON.stringify(answers.get(id)))),
      new Set([JSON.stringify({ how: 'exited', status: 0, output: '' })]),
    )
    ok(mostGroups <= mostAtOnce.check + mostAtOnce.hook, `${mostGroups} at once`)
  })

  it('ends what left its session and its parent, within about a second', async () => {
    const leaver = program([
      script(
        'leaver',
        `setsid -f sh -c 'echo > ${at('out/there')}; exec sleep 31.4159'\nuntil [ -e ${at('out/there')} ]; do sleep 0.1; done`,
      ),
    ])
    start(leaver)
    equal((await answered(ask(leaver))).how, 'exited')
    await eventually('it is gone', () => running('31.4159') === 0)
  })

  it('lives through a fork bomb, which is gone after its time limit', async () => {
    // A user of its own: others of nobody must not be held up by the limit.
    const bomb = program([script('bomb-27182', 'b() { b | b & }; b; sleep 30')], {
      timeout: millis(700),
      user: 'games',
    })
    const fine = program([script('fine', 'exit 0')])
    start(bomb, fine)
    deepEqual(await answered(ask(bomb)), { how: 'timeout', milliseconds: 700 })
    await eventually('it is gone', () => running('bomb-27182') === 0, 60_000)
    equal((await answered(ask(fine))).how, 'exited')
  })

  it('takes what runs with it when it is told to stop', async () => {
    const long = program([script('long', `echo > ${at('out/there')}; exec sleep 27.1828`)])
    start(long)
    ask(long)
    await eventually('it runs', () => existsSync(at('out/there')))
    const ended = new Promise((resolve) => child.once('exit', resolve))
    send({ type: 'stop' })
    equal(await ended, 0)
    await eventually('it is gone', () => running('27.1828') === 0)
    match(JSON.stringify(status), /"refused":\[\]/)
  })
})
