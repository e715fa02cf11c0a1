/**
 * The programs process: runs what script checks and hooks ask for. It keeps root only when a program has a user of
 * its own to become, and speaks to nobody but the parent.
 */
import { stat } from 'node:fs/promises'
import { scriptProblem } from '../config/script-file.js'
import { SystemClock } from '../platform/clock.js'
import { adoptOrphans, endLeftovers } from '../platform/leftovers.js'
import { becomeNobody } from '../platform/privileges.js'
import { limitProcesses } from '../platform/process-limit.js'
import { programsOn } from '../platform/program.js'
import { Reactor } from '../platform/reactor.js'
import { userOf } from '../platform/users.js'
import { type ProgramEnded, startPrograms } from '../programs/runtime.js'
import { runChild } from './child.js'
import { messageTypes, type ScriptGroup, type ToPrograms } from './messages.js'
import { needsPrivilege } from './programs.js'

/** Enough for all that run at once; the daemon's own processes of that user count too. */
const mostProcesses = 512

runChild<ToPrograms, ({ type: 'programEnded' } & ProgramEnded) | ScriptGroup>(
  'programs',
  messageTypes.toPrograms,
  ({ log, emit }) => {
    const reactor = Reactor.open()
    const clock = new SystemClock(reactor)
    const refusal = adoptOrphans()
    if (refusal !== undefined) log.warn(`what programs leave running cannot be found: prctl ${refusal}`)
    const runtime = startPrograms(
      {
        clock,
        log,
        runProgram: programsOn(clock),
        userOf,
        problemOf: scriptProblem,
        onGroup: (group, there) => emit({ type: 'scriptGroup', group, there }),
        endLeftovers: refusal === undefined ? endLeftovers : () => false,
      },
      (ended) => emit({ type: 'programEnded', ...ended }),
    )
    // Its own threads start first: they count, too.
    const limited = stat('/').then(() => limitProcesses(mostProcesses))
    let started = false
    return {
      handle(message) {
        switch (message.type) {
          case 'start':
          case 'configure': {
            const { programs, director } = message.setting
            void limited.then(() => {
              if (!needsPrivilege(programs)) becomeNobody()
              runtime.configure(programs, { VIPAIR_DIRECTOR: director })
              started = true
            })
            return
          }
          case 'run':
            void limited.then(() => runtime.run(message.request))
            return
          case 'stop':
            return
        }
      },
      status: () => (started ? runtime.status() : undefined),
      async stop() {
        runtime.stop()
        reactor.close()
      },
    }
  },
)
