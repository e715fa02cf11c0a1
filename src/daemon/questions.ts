/** What a child process was asked and has not answered yet. */
import type { Clock } from '../base/ports.js'
import { after, type Millis } from '../base/units.js'
import { Refusal } from './refusal.js'

export class Questions<Answer> {
  private readonly open = new Map<number, (answer: Answer | Refusal) => void>()
  private lastId = 0

  constructor(
    private readonly clock: Clock,
    /** Name of the child process. */
    private readonly who: string,
    private readonly patience: Millis,
  ) {}

  /** `send` answers false when there is nobody to ask. Throws `Refusal`, also when no answer comes. */
  ask(send: (id: number) => boolean): Promise<Answer> {
    const { clock, who, patience } = this
    return new Promise((resolve, reject) => {
      const id = ++this.lastId
      const limit = clock.at(after(clock.now(), patience), () =>
        this.answered(id, new Refusal(409, `the ${who} process did not answer`)),
      )
      this.open.set(id, (answer) => {
        limit.cancel()
        this.open.delete(id)
        if (answer instanceof Refusal) reject(answer)
        else resolve(answer)
      })
      if (!send(id)) this.answered(id, new Refusal(409, `the ${who} process is not running`))
    })
  }

  answered(id: number, answer: Answer | Refusal): void {
    this.open.get(id)?.(answer)
  }

  /** Whoever was asked is gone. */
  refuseAll(why: string): void {
    for (const id of [...this.open.keys()]) this.answered(id, new Refusal(409, why))
  }
}
