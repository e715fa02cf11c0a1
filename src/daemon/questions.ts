/** What the vrrp process was asked to do and has not answered yet. */
import type { Clock } from '../base/ports.js'
import { after, millis } from '../base/units.js'
import type { HandoverResult } from '../vrrp/runtime.js'
import { Refusal } from './refusal.js'

/** The vrrp process itself gives a handover up after a second. */
const patience = millis(5_000)

type Answer = readonly HandoverResult[] | Refusal

export class Questions {
  private readonly open = new Map<number, (answer: Answer) => void>()
  private lastId = 0

  constructor(private readonly clock: Clock) {}

  /** `send` answers false when there is nobody to ask. Throws `Refusal`, also when no answer comes. */
  ask(send: (id: number) => boolean): Promise<readonly HandoverResult[]> {
    const { clock } = this
    return new Promise((resolve, reject) => {
      const id = ++this.lastId
      const limit = clock.at(after(clock.now(), patience), () =>
        this.answered(id, new Refusal(409, 'the vrrp process did not answer')),
      )
      this.open.set(id, (answer) => {
        limit.cancel()
        this.open.delete(id)
        if (answer instanceof Refusal) reject(answer)
        else resolve(answer)
      })
      if (!send(id)) this.answered(id, new Refusal(409, 'the vrrp process is not running'))
    })
  }

  answered(id: number, answer: Answer): void {
    this.open.get(id)?.(answer)
  }

  /** Whoever was asked is gone. */
  refuseAll(why: string): void {
    for (const id of [...this.open.keys()]) this.answered(id, new Refusal(409, why))
  }
}
