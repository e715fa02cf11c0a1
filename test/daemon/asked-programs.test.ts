import { deepEqual } from 'node:assert/strict'
import type { ProgramRun } from '../../src/base/program.js'
import { millis } from '../../src/base/units.js'
import { AskedPrograms } from '../../src/daemon/asked-programs.js'
import type { RunProgramMessage } from '../../src/daemon/messages.js'

const program = {
  use: 'check',
  command: ['/usr/lib/check'],
  user: 'nobody',
  timeout: millis(1_000),
} as const

describe('daemon/asked programs', () => {
  it('of a process that was killed are not taken for those of its successor', async () => {
    const messages: RunProgramMessage[] = []
    const ask = (): Promise<ProgramRun> =>
      new AskedPrograms((message) => messages.push(message)).run(program, {}, millis(1_000))
    void ask()
    const successor = new AskedPrograms((message) => messages.push(message))
    const asked = successor.run(program, {}, millis(1_000))
    const [old, own] = messages.map(({ id }) => id)
    const refused = (reason: string): ProgramRun => ({ how: 'refused', reason })
    successor.onAnswer({ type: 'programEnded', id: old ?? 0, run: refused('of another server') })
    successor.onAnswer({ type: 'programEnded', id: own ?? 0, run: refused('of its own') })
    deepEqual(await asked, refused('of its own'))
  })
})
