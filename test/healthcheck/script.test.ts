/** What an exit status means. */
import { deepEqual, equal } from 'node:assert/strict'
import type { ProgramRun } from '../../src/base/program.js'
import { millis, type Weight, weight } from '../../src/base/units.js'
import type { ScriptCheckConfig } from '../../src/config/checks/script.js'
import { judgeRun, type RunCheckProgram, scriptChecker } from '../../src/healthcheck/checkers/script.js'
import type { Outcome } from '../../src/healthcheck/outcome.js'
import { endpoint } from './samples.js'

const exited = (status: number, output = ''): ProgramRun => ({ how: 'exited', status, output })
const ours = 'cannot be started: spawn EAGAIN'

describe('healthcheck script', () => {
  const table: readonly (readonly [run: ProgramRun, weightFromExit: boolean, outcome: Outcome])[] = [
    [exited(0), false, { pass: true, detail: 'exit status 0' }],
    [exited(1, 'a\nno disk\n'), false, { pass: false, reason: 'exit status 1: no disk' }],
    [exited(2), false, { pass: false, reason: 'exit status 2' }],
    [exited(0), true, { pass: true, detail: 'exit status 0' }],
    [exited(1), true, { pass: false, reason: 'exit status 1' }],
    [exited(2), true, { pass: true, detail: 'exit status 2', asked: { weight: weight(0) as Weight } }],
    [exited(77), true, { pass: true, detail: 'exit status 77', asked: { weight: weight(75) as Weight } }],
    [exited(255), true, { pass: true, detail: 'exit status 255', asked: { weight: weight(253) as Weight } }],
    [{ how: 'signal', signal: 'SIGSEGV' }, true, { pass: false, reason: 'was ended by SIGSEGV' }],
    [{ how: 'timeout', milliseconds: 500 }, true, { pass: false, reason: 'did not end within 500 ms' }],
    [{ how: 'flood', bytes: 9 }, false, { pass: false, reason: 'wrote more than 9 bytes' }],
    [{ how: 'refused', reason: ours }, false, { pass: undefined, reason: ours }],
  ]
  for (const [run, weightFromExit, outcome] of table)
    it(`${JSON.stringify(run)}${weightFromExit ? ' with weight_from_exit' : ''}`, () =>
      deepEqual(judgeRun({ weightFromExit }, run), outcome))

  it('tells the program the server, and waits for its answer however late it is', async () => {
    const check: ScriptCheckConfig = {
      type: 'script',
      command: ['/usr/lib/check'],
      user: 'nobody',
      weightFromExit: false,
      interval: millis(1000),
      timeout: millis(400),
      rise: 1,
      fall: 1,
      port: undefined,
      address: undefined,
      bind: undefined,
      fastInterval: undefined,
    }
    let given: Readonly<Record<string, string>> = {}
    let answer: (run: ProgramRun) => void = () => {}
    const runProgram: RunCheckProgram = (program, variables) => {
      deepEqual(program, { use: 'check', command: ['/usr/lib/check'], user: 'nobody', timeout: 400 })
      given = variables
      return new Promise((resolve) => {
        answer = resolve
      })
    }
    const checker = scriptChecker({ runProgram })
    const outcome = checker(check, endpoint('[2001:db8::21]:80'), AbortSignal.abort())
    answer(exited(0))
    deepEqual(await outcome, { pass: true, detail: 'exit status 0' })
    deepEqual(given, { VIPAIR_ADDRESS: '2001:db8::21', VIPAIR_PORT: '80', VIPAIR_TIMEOUT_MS: '400' })
    equal(Object.keys(given).length, 3)
  })
})
