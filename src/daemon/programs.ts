/** The programs process as the parent keeps it: what it may run, who asked for what, and what is left if it dies. */
import type { Config } from '../config/model.js'
import { type ProgramConfig, programKey, programsOf } from '../config/program.js'
import type { ProgramRequest, ProgramsStatus } from '../programs/runtime.js'
import type { Children } from './children.js'
import type { FromPrograms, ProgramAnswer } from './messages.js'
import { endGroups } from './process-groups.js'

const nobody = 'nobody'

/** Whether one of them has a user that only root can become. */
export const needsPrivilege = (programs: readonly ProgramConfig[]): boolean =>
  programs.some(({ user }) => user !== nobody)

export class Programs {
  /** The last it said; undefined before, and while it is away. */
  status: ProgramsStatus | undefined
  private readonly groups = new Set<number>()
  private programs: readonly ProgramConfig[]
  private ready = false

  /** `answer`: tells the process that asked, or all that may have, where `origin` is undefined. */
  constructor(
    private readonly child: Children['programs'],
    private readonly director: string,
    config: Config,
    private readonly answer: (answer: ProgramAnswer, origin: string | undefined) => void,
  ) {
    this.programs = programsOf(config)
  }

  /** Whether there is anything to run. */
  get needed(): boolean {
    return this.programs.length > 0
  }

  /** What is wrong, one line each. */
  get warnings(): readonly string[] {
    const { refused = [], waiting = 0, waitedFor = 0 } = this.status ?? {}
    const found = refused.map((reason) => `cannot be run, and counts for no server: ${reason}`)
    if (waitedFor > longWait)
      found.push(
        `${waiting} scripts wait for their turn, for up to ${Math.round(waitedFor / 1000)} s: ` +
          'more run than this machine can, so each runs less often',
      )
    return found
  }

  run(request: ProgramRequest): void {
    if (this.ready && this.child.send({ type: 'run', request })) return
    const reason = 'the process that runs programs is not there'
    const { id, origin } = request
    this.answer({ type: 'programEnded', id, run: { how: 'refused', reason } }, origin)
  }

  onMessage(message: FromPrograms): void {
    switch (message.type) {
      case 'ready':
        this.ready = true
        this.child.send({ type: 'start', setting: this.setting })
        return
      case 'programEnded': {
        const { origin, id, run } = message
        this.answer({ type: 'programEnded', id, run }, origin)
        return
      }
      case 'scriptGroup':
        if (message.there) this.groups.add(message.group)
        else this.groups.delete(message.group)
        return
      case 'status':
        this.status = message.status
        return
      default:
        return
    }
  }

  /** It was killed: whatever it ran is nobody's now, and whoever waits for it waits in vain. */
  onDeath(): void {
    this.ready = false
    this.status = undefined
    endGroups(this.groups)
    this.answer({ type: 'programsLost' }, undefined)
  }

  /** Resolves when it is gone, and with it whatever it ran. */
  async stop(): Promise<void> {
    await this.child.stop()
    this.onDeath()
  }

  /** A process that has given root up cannot have it again: where that is needed there is a new one. */
  configure(config: Config, leaving: () => boolean): void {
    const before = this.programs
    this.programs = programsOf(config)
    if (keysOf(before) === keysOf(this.programs)) return
    const anew = before.length === 0 || (needsPrivilege(this.programs) && !needsPrivilege(before))
    if (this.needed && !anew) {
      if (this.ready) this.child.send({ type: 'configure', setting: this.setting })
      return
    }
    void this.stop().then(() => {
      if (!leaving() && this.needed) this.child.start()
    })
  }

  private get setting() {
    return { programs: this.programs, director: this.director }
  }
}

/** Milliseconds. */
const longWait = 5_000

const keysOf = (programs: readonly ProgramConfig[]): string => programs.map(programKey).sort().join('\n')
