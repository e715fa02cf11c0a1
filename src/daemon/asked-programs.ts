/** In a process that asks for programs: what it asked for, until the answer is there. */
import { randomInt } from 'node:crypto'
import type { ProgramRun } from '../base/program.js'
import type { Millis } from '../base/units.js'
import { type ProgramConfig, programKey } from '../config/program.js'
import type { ProgramAnswer, RunProgramMessage } from './messages.js'

export class AskedPrograms {
  private readonly pending = new Map<number, (run: ProgramRun) => void>()
  /** Its own: what a process before it asked for may still be answered, and to this one. */
  private last = randomInt(2 ** 40)

  constructor(private readonly emit: (message: RunProgramMessage) => void) {}

  /** Never rejects; answers in the end, whatever becomes of the process that runs them. */
  run(
    program: ProgramConfig,
    variables: Readonly<Record<string, string>>,
    patience: Millis,
    input?: string,
  ): Promise<ProgramRun> {
    return new Promise((resolve) => {
      const id = ++this.last
      this.pending.set(id, resolve)
      this.emit({ type: 'runProgram', id, key: programKey(program), variables, input, patience })
    })
  }

  onAnswer(answer: ProgramAnswer): void {
    if (answer.type === 'programEnded') {
      this.pending.get(answer.id)?.(answer.run)
      this.pending.delete(answer.id)
      return
    }
    const lost = [...this.pending.values()]
    this.pending.clear()
    for (const resolve of lost) resolve({ how: 'refused', reason: 'the process that ran it has ended' })
  }
}
