/**
 * The tracker process: runs the scripts and looks at the files and processes that routers track. It keeps
 * root only when a script has a user of its own to become.
 */
import { SystemClock } from '../platform/clock.js'
import { becomeNobody } from '../platform/privileges.js'
import { programsOn } from '../platform/program.js'
import { Reactor } from '../platform/reactor.js'
import { userOf } from '../platform/users.js'
import { startOutside, type TrackFact } from '../vrrp/tracking/outside/runtime.js'
import { runChild } from './child.js'
import { messageTypes, type ScriptGroup, type ToTracker } from './messages.js'

const nobody = 'nobody'

runChild<ToTracker, { type: 'trackChanged'; facts: readonly TrackFact[] } | ScriptGroup>(
  'tracker',
  messageTypes.toTracker,
  ({ log, emit }) => {
    const reactor = Reactor.open()
    const clock = new SystemClock(reactor)
    let tracked: number | undefined
    const onGroup = (group: number, there: boolean) => emit({ type: 'scriptGroup', group, there })
    const runtime = startOutside({ clock, log, runProgram: programsOn(clock), userOf, onGroup }, (fact) =>
      emit({ type: 'trackChanged', facts: [fact] }),
    )
    return {
      handle(message) {
        if (message.type !== 'start') return
        const { tracks } = message.setting
        tracked = tracks.length
        if (!tracks.some((track) => track.kind === 'script' && track.user !== nobody)) becomeNobody()
        runtime.configure(tracks)
      },
      status: () => (tracked === undefined ? undefined : { tracked }),
      async stop() {
        runtime.stop()
        reactor.close()
      },
    }
  },
)
