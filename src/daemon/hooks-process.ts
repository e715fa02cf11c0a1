/** The hooks process: tells web addresses and, through the programs process, programs of what happens. */

import { post } from '../hooks/client.js'
import { type HookDelivered, startHooks } from '../hooks/runtime.js'
import { SystemClock } from '../platform/clock.js'
import { becomeNobody } from '../platform/privileges.js'
import { Reactor } from '../platform/reactor.js'
import { AskedPrograms } from './asked-programs.js'
import { runChild } from './child.js'
import { messageTypes, type RunProgramMessage, type ToHooks } from './messages.js'

runChild<ToHooks, ({ type: 'hookDelivered' } & HookDelivered) | { type: 'flushed' } | RunProgramMessage>(
  'hooks',
  messageTypes.toHooks,
  ({ log, emit }) => {
    becomeNobody()
    const reactor = Reactor.open()
    const asked = new AskedPrograms(emit)
    const runtime = startHooks(
      {
        clock: new SystemClock(reactor),
        log,
        runProgram: (program, variables, input) => asked.run(program, variables, program.timeout, input),
        post,
      },
      (delivered) => emit({ type: 'hookDelivered', ...delivered }),
    )
    let started = false
    return {
      handle(message) {
        switch (message.type) {
          case 'start': {
            const { director, hooks, stands, events } = message.setting
            runtime.configure(director, hooks, stands)
            runtime.add(events)
            started = true
            return
          }
          case 'events':
            runtime.add(message.events)
            return
          case 'flush':
            runtime.flush(() => emit({ type: 'flushed' }))
            return
          case 'programEnded':
          case 'programsLost':
            asked.onAnswer(message)
            return
          case 'stop':
            return
        }
      },
      status: () => (started ? { hooks: runtime.status() } : undefined),
      async stop() {
        runtime.stop()
        reactor.close()
      },
    }
  },
)
