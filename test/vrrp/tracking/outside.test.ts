/** Scripts, files and processes as they are: real programs that misbehave. */
import { equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ScriptTrackConfig, TrackConfig } from '../../../src/config/model.js'
import { scriptProblem } from '../../../src/config/script-file.js'
import { SystemClock } from '../../../src/platform/clock.js'
import { programsOn } from '../../../src/platform/program.js'
import { Reactor } from '../../../src/platform/reactor.js'
import { isOutside } from '../../../src/vrrp/tracking/identity.js'
import {
  type OutsideRuntime,
  startOutside,
  type TrackFact,
} from '../../../src/vrrp/tracking/outside/runtime.js'
import { eventually } from '../../platform/eventually.js'
import { ms } from '../support.js'

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

/** Resolves once the assertion holds. */
const holds = (assertion: () => void): Promise<void> => {
  const passes = (): boolean => {
    try {
      assertion()
      return true
    } catch {
      return false
    }
  }
  return eventually(assertion.toString(), passes, 15_000)
}

describe('vrrp/tracking outside', function () {
  this.timeout(30_000)

  let directory = ''
  let reactor: Reactor
  let clock: SystemClock
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-track-'))
    chmodSync(directory, 0o755)
    reactor = Reactor.open()
    clock = new SystemClock(reactor)
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
  /** Whether a process of this number runs and is no zombie. */
  const lives = (pid: number): boolean => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }
  const pidIn = (file: string): number => Number(readFileSync(at(file), 'utf8'))

  describe('a script file', () => {
    it('is refused when others could change it, with the path that is to blame', () => {
      const path = script('check', 'exit 0')
      equal(scriptProblem(path), undefined)
      equal(scriptProblem('check'), 'script check: not an absolute path')
      equal(scriptProblem(at('none')), `script ${at('none')}: ENOENT`)
      equal(scriptProblem(directory), `script ${directory}: is not a regular file`)
      chmodSync(path, 0o757)
      equal(scriptProblem(path), `script ${path}: mode 0757 lets others write to it (chmod go-w ${path})`)
      chmodSync(path, 0o644)
      equal(scriptProblem(path), `script ${path}: is not executable (chmod 755 ${path})`)
    })

    it('is refused for a directory on the way, and behind a link', () => {
      mkdirSync(at('open'), { mode: 0o755 })
      writeFileSync(at('open/check'), '#!/bin/sh\n')
      chmodSync(at('open/check'), 0o755)
      symlinkSync(at('open/check'), at('link'))
      equal(scriptProblem(at('link')), undefined)
      chmodSync(at('open'), 0o777)
      const blame = `${at('open')}: mode 0777 lets others write to it (chmod go-w ${at('open')})`
      equal(scriptProblem(at('open/check')), `script ${at('open/check')}: ${blame}`)
      equal(scriptProblem(at('link')), `script ${at('link')}: ${blame}`)
      chmodSync(at('open'), 0o1777)
      equal(scriptProblem(at('link')), undefined, 'a sticky directory, as /tmp')
    })

    it('is refused when it belongs to somebody else', () => {
      const path = script('theirs', 'exit 0')
      chownSync(path, 12_345, 0)
      equal(scriptProblem(path), `script ${path}: belongs to user 12345, expected root`)
    })
  })

  describe('the runtime', () => {
    let runtime: OutsideRuntime
    let facts: TrackFact[] = []
    const start = (...tracks: TrackConfig[]): void => {
      facts = []
      const ports = { clock, log: silent, runProgram: programsOn(clock), userOf: () => undefined }
      runtime = startOutside(ports, (fact) => facts.push(fact))
      runtime.configure(tracks.filter(isOutside))
    }
    afterEach(() => runtime.stop())
    const states = (): string => facts.map(({ finding }) => `${finding.state}: ${finding.reason}`).join('; ')
    const sampled = { interval: ms(100), rise: 2, fall: 2, weight: undefined }

    it('runs what two routers track alike once, and tells changes only', async () => {
      writeFileSync(at('good'), '')
      const path = script('check', `echo run >> ${at('runs')}; test -e ${at('good')}`)
      const one: ScriptTrackConfig = {
        ...sampled,
        kind: 'script',
        name: 'a',
        command: [path],
        timeout: ms(5_000),
        user: 'nobody',
      }
      start(one, { ...one, name: 'b', weight: -10 })
      const runs = (): number => readFileSync(at('runs'), 'utf8').split('\n').length - 1
      await holds(() => ok(runs() >= 4))
      equal(states(), 'up: exit status 0')
      rmSync(at('good'))
      await holds(() => equal(facts.length, 2))
      equal(states(), 'up: exit status 0; down: exit status 1 (2 in a row)')
    })

    it('refuses a file that has become writable for others while it runs', async () => {
      const path = script('check', 'exit 0')
      const track = {
        kind: 'script',
        name: 'a',
        command: [path],
        timeout: ms(5_000),
        user: 'nobody',
      } as const
      start({ ...sampled, ...track })
      await holds(() => equal(facts.length, 1))
      chmodSync(path, 0o777)
      await holds(() => equal(facts.length, 2))
      match(states(), /; down: script .*\/check: mode 0777 lets others write to it/)
    })

    it('follows a file and the number in it', async () => {
      const path = at('weight')
      start({ kind: 'file', name: 'f', path, weightFromContent: true, interval: ms(100), weight: undefined })
      await holds(() => equal(facts.length, 1))
      writeFileSync(path, '-20\n')
      await holds(() => ok(facts.some(({ finding }) => finding.delta === -20)))
      rmSync(path)
      await holds(() => match(states(), /down: does not exist.*up: says -20.*down: does not exist/))
    })

    it('follows a process, by name and by pid file', async () => {
      const program = '/bin/sleep'
      const child = spawn(program, ['300'])
      const { pid = 0 } = child
      writeFileSync(at('pid'), `${pid}\n`)
      start({ ...sampled, kind: 'process', name: 'p', program: 'sleep', pidFile: at('pid') })
      await holds(() => equal(states(), `up: sleep is running (process ${pid})`))
      child.kill('SIGKILL')
      await once(child, 'exit')
      await holds(() => equal(facts.length, 2))
      match(states(), /down: process \d+ of .*\/pid is not running sleep \(2 in a row\)$/)
    })

    it('finds the own test by its program, and nobody by a name that nobody has', async () => {
      const node = {
        ...sampled,
        kind: 'process',
        name: 'p',
        program: process.execPath,
        pidFile: undefined,
      } as const
      start(node, { ...node, program: 'no-such-program' })
      await holds(() => equal(facts.length, 2))
      match(states(), /^up: .* is running .*; down: no process of no-such-program is running$/)
    })

    it('kills what still runs when it stops', async () => {
      const path = script('long', `echo $$ > ${at('pid')}; exec sleep 300`)
      const track = {
        kind: 'script',
        name: 'a',
        command: [path],
        timeout: ms(60_000),
        user: 'nobody',
      } as const
      start({ ...sampled, ...track })
      await holds(() => ok(lives(pidIn('pid'))))
      runtime.stop()
      await holds(() => equal(lives(pidIn('pid')), false))
    })
  })
})
