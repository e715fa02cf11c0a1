/** The healthcheck process: speaks to the real servers and needs no privilege for it. */
import { randomBytes } from 'node:crypto'
import type { ServerHealth } from '../base/facts.js'
import type { Log, PacketPort } from '../base/ports.js'
import { OpError } from '../base/result.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { updated } from '../config/share.js'
import { Pinger } from '../healthcheck/checkers/pinger.js'
import { checkerWith } from '../healthcheck/checkers/run-check.js'
import { TlsContexts } from '../healthcheck/checkers/tls-contexts.js'
import { startHealthcheck } from '../healthcheck/runtime.js'
import { checkTools } from '../platform/check-tools.js'
import { SystemClock } from '../platform/clock.js'
import { openIcmpSocket } from '../platform/icmp-socket.js'
import { DnsLookup } from '../platform/name-lookup.js'
import { openPacketPort } from '../platform/packet-port.js'
import { becomeNobody } from '../platform/privileges.js'
import { Reactor } from '../platform/reactor.js'
import { AskedPrograms } from './asked-programs.js'
import { runChild } from './child.js'
import { messageTypes, type RunProgramMessage, type ToHealthcheck } from './messages.js'

runChild<ToHealthcheck, { type: 'healthChanged'; servers: readonly ServerHealth[] } | RunProgramMessage>(
  'healthcheck',
  messageTypes.toHealthcheck,
  ({ log, emit }) => {
    const reactor = Reactor.open()
    // Always, for a reload may bring the first check that needs them, and by then nothing more can be opened.
    const pinger = new Pinger(randomBytes, (options) => openIcmpSocket(reactor, options))
    const packets = packetPort(reactor, log)
    becomeNobody()
    // A real server that fails takes its checks in many services with it: they travel as one fact.
    let changed: ServerHealth[] = []
    const collect = (server: ServerHealth): void => {
      if (changed.push(server) > 1) return
      setImmediate(() => {
        const servers = changed
        changed = []
        emit({ type: 'healthChanged', servers })
      })
    }
    const clock = new SystemClock(reactor)
    const contexts = new TlsContexts()
    const asked = new AskedPrograms(emit)
    const runCheck = checkerWith({
      ...checkTools(reactor),
      contexts,
      pinger,
      runProgram: (program, variables, patience) => asked.run(program, variables, patience),
    })
    const runtime = startHealthcheck(
      { clock, log, random: randomBytes, lookup: new DnsLookup(), runCheck, ...(packets && { packets }) },
      collect,
    )
    let services: readonly VirtualServiceConfig[] | undefined
    return {
      handle(message) {
        if (message.type === 'stop') return
        if (message.type === 'checkFiles') {
          contexts.replace(message.files)
          return
        }
        if (message.type === 'programEnded' || message.type === 'programsLost') {
          asked.onAnswer(message)
          return
        }
        if (message.type === 'start') services = message.services
        // What comes before `start` is part of it.
        else if (services !== undefined) services = updated(services, message.services)
        if (services !== undefined) runtime.configure(services)
      },
      status: () => (services === undefined ? undefined : runtime.status()),
      async stop() {
        runtime.stop()
        pinger.close()
        packets?.close()
        reactor.close()
      },
    }
  },
)

/** While the privilege lasts. Without it the checks that need it say so. */
function packetPort(reactor: Reactor, log: Log): PacketPort | undefined {
  try {
    return openPacketPort(reactor)
  } catch (error) {
    if (!(error instanceof OpError)) throw error
    log.debug(`no checks through the forwarding method: ${error.message}`)
    return undefined
  }
}
