/** The kernel's IPVS table in memory, behind the real codec: `(requests) -> replies`. */
import { Reader, Writer } from '../../src/base/bytes.js'
import type { Netlink, NetlinkMessage, NetlinkReply, NetlinkRequest } from '../../src/base/ports.js'
import { AttributeWriter } from '../../src/ipvs/attributes.js'
import {
  IP_VS_SVC_F,
  IPVS_CMD,
  IPVS_CMD_ATTR,
  IPVS_DEST_ATTR,
  IPVS_GENL_VERSION,
  IPVS_STATS_ATTR,
  NLM_F,
} from '../../src/ipvs/constants.js'
import { encodeDaemon } from '../../src/ipvs/daemon-codec.js'
import { encodeDestination } from '../../src/ipvs/destination-codec.js'
import type { Decoded } from '../../src/ipvs/messages.js'
import { decodeMessage, encodeTimeouts } from '../../src/ipvs/messages.js'
import type { Daemon, DaemonRole, Destination, Service, Table, Timeouts } from '../../src/ipvs/model.js'
import { destinationId, familyOfKey, serviceId } from '../../src/ipvs/model.js'
import { encodeService } from '../../src/ipvs/service-codec.js'

export const fakeFamily = 31

interface Entry {
  service: Service
  readonly destinations: Map<string, Destination>
}

export class FakeKernel implements Netlink {
  readonly services = new Map<string, Entry>()
  readonly daemons = new Map<DaemonRole, Daemon>()
  readonly schedulers = new Set(['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh'])
  readonly engines = new Set<string>()
  /** Active and inactive ones by destination; 3 and 2 where nothing else is said. */
  readonly connections = new Map<string, readonly [number, number]>()
  timeouts: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 }
  /** Commands of requests that change something, in order. */
  readonly changes: number[] = []
  /** Messages in each exchange that changes something. */
  readonly batchSizes: number[] = []
  /** Called after each request that changed the table. */
  onChange: () => void = () => {}
  /** Beside a sync daemon it takes no destination of another family than the service's, as the real one. */
  mirrorsOneFamily = false
  /** How many dumps from now on are interrupted. */
  interruptions = 0
  /** Called before each exchange; throws in its place. */
  beforeExchange: (requests: readonly NetlinkRequest[]) => void = () => {}
  /** Called after each exchange took effect; throws instead of the replies. */
  afterExchange: (requests: readonly NetlinkRequest[]) => void = () => {}
  private busy = false

  async exchange(requests: readonly NetlinkRequest[]): Promise<readonly NetlinkReply[]> {
    if (this.busy) throw new Error('two exchanges at once')
    this.busy = true
    await Promise.resolve()
    try {
      this.beforeExchange(requests)
      const before = this.changes.length
      const replies = requests.map((request) => this.answer(request))
      if (this.changes.length > before) this.batchSizes.push(requests.length)
      this.afterExchange(requests)
      return replies
    } finally {
      this.busy = false
    }
  }

  close(): void {}

  /** Somebody else's doing, as with ipvsadm. */
  load(table: Table): void {
    this.services.clear()
    for (const [id, { service, destinations }] of table.services) {
      this.services.set(id, { service, destinations: new Map(destinations) })
    }
    this.daemons.clear()
    for (const daemon of table.daemons) this.daemons.set(daemon.role, daemon)
  }

  private answer(request: NetlinkRequest): NetlinkReply {
    const decoded = decodeMessage(request.payload)
    if (request.type !== fakeFamily || !decoded.ok) return reply('EINVAL')
    const { value } = decoded
    if ((request.flags & NLM_F.DUMP) === NLM_F.DUMP) {
      const interrupted = this.interruptions > 0
      if (interrupted) this.interruptions--
      return { code: 'OK', messages: this.dump(value), interrupted }
    }
    if (value.command === IPVS_CMD.GET_CONFIG) {
      const payload = encodeTimeouts(IPVS_CMD.SET_CONFIG, this.timeouts)
      return { ...reply('OK'), messages: [{ type: fakeFamily, flags: 0, payload }] }
    }
    this.changes.push(value.command)
    const code = this.change(value)
    if (code === 'OK') this.onChange()
    return reply(code)
  }

  private dump({ command, service }: Decoded): readonly NetlinkMessage[] {
    switch (command) {
      case IPVS_CMD.GET_SERVICE:
        return [...this.services.values()].map((entry) =>
          message(IPVS_CMD.NEW_SERVICE, (top) =>
            top.nest(IPVS_CMD_ATTR.SERVICE, (nest) =>
              encodeService(nest, { ...entry.service, flags: entry.service.flags | IP_VS_SVC_F.HASHED }),
            ),
          ),
        )
      case IPVS_CMD.GET_DEST:
        return [
          ...(service ? (this.services.get(serviceId(service.key))?.destinations.values() ?? []) : []),
        ].map((destination) =>
          message(IPVS_CMD.NEW_DEST, (top) =>
            top.nest(IPVS_CMD_ATTR.DEST, (nest) => {
              encodeDestination(nest, destination)
              const [active, inactive] = this.connections.get(destinationId(destination)) ?? [3, 2]
              nest.u32(IPVS_DEST_ATTR.ACTIVE_CONNS, active).u32(IPVS_DEST_ATTR.INACT_CONNS, inactive)
              nest.nest(IPVS_DEST_ATTR.STATS, (stats) => stats.u32(IPVS_STATS_ATTR.CONNS, 9))
              nest.nest(IPVS_DEST_ATTR.STATS64, (stats) => stats.u64(IPVS_STATS_ATTR.CONNS, 5_000_000_009n))
            }),
          ),
        )
      default:
        return [...this.daemons.values()].map((daemon) =>
          message(IPVS_CMD.NEW_DAEMON, (top) =>
            top.nest(IPVS_CMD_ATTR.DAEMON, (nest) => encodeDaemon(nest, { ...daemon, maxLength: 1464 })),
          ),
        )
    }
  }

  private change({ command, service, destination, daemon, timeouts }: Decoded): string {
    if (command === IPVS_CMD.SET_CONFIG) {
      const { tcp, tcpFin, udp } = this.timeouts
      const { tcp: newTcp, tcpFin: newTcpFin, udp: newUdp } = timeouts
      this.timeouts = { tcp: newTcp || tcp, tcpFin: newTcpFin || tcpFin, udp: newUdp || udp }
      return 'OK'
    }
    if (daemon !== undefined) return this.changeDaemon(command, daemon)
    if (service === undefined) return 'EINVAL'
    const id = serviceId(service.key)
    const entry = this.services.get(id)
    if (command === IPVS_CMD.NEW_SERVICE) {
      if (entry !== undefined) return 'EEXIST'
      if (!this.knows(service)) return 'ENOENT'
      this.services.set(id, { service, destinations: new Map() })
      return 'OK'
    }
    if (entry === undefined) return 'ESRCH'
    switch (command) {
      case IPVS_CMD.SET_SERVICE:
        if (!this.knows(service)) return 'ENOENT'
        entry.service = service
        return 'OK'
      case IPVS_CMD.DEL_SERVICE:
        this.services.delete(id)
        return 'OK'
      default:
        if (destination === undefined || this.cannotMirror(service, destination, command)) return 'EINVAL'
        return changeDestination(command, entry, destination)
    }
  }

  private cannotMirror({ key }: Service, { endpoint }: Destination, command: number): boolean {
    const mixed = endpoint.address.family !== familyOfKey(key)
    return this.mirrorsOneFamily && mixed && this.daemons.size > 0 && command === IPVS_CMD.NEW_DEST
  }

  private knows({ scheduler, engine }: Service): boolean {
    return this.schedulers.has(scheduler) && (engine === undefined || this.engines.has(engine))
  }

  private changeDaemon(command: number, daemon: Daemon): string {
    if (command === IPVS_CMD.DEL_DAEMON) return this.daemons.delete(daemon.role) ? 'OK' : 'ESRCH'
    if (this.daemons.has(daemon.role)) return 'EEXIST'
    if (daemon.interface !== 'lo') return 'ENODEV'
    this.daemons.set(daemon.role, daemon)
    return 'OK'
  }
}

function changeDestination(command: number, entry: Entry, destination: Destination): string {
  const id = destinationId(destination)
  const there = entry.destinations.has(id)
  if (command === IPVS_CMD.DEL_DEST) return entry.destinations.delete(id) ? 'OK' : 'ENOENT'
  if (command === IPVS_CMD.NEW_DEST && there) return 'EEXIST'
  if (command === IPVS_CMD.SET_DEST && !there) return 'ENOENT'
  if ((destination.endpoint.address.bytes[0] ?? 0) >= 224 && destination.endpoint.address.family === 4)
    return 'EINVAL'
  if (destination.lowerThreshold > destination.upperThreshold) return 'ERANGE'
  entry.destinations.set(id, destination)
  return 'OK'
}

const reply = (code: string): NetlinkReply => ({ code, messages: [], interrupted: false })

function message(command: number, fill: (top: AttributeWriter) => void): NetlinkMessage {
  const writer = new Writer().u8(command).u8(IPVS_GENL_VERSION).u16host(0)
  fill(new AttributeWriter(writer))
  return { type: fakeFamily, flags: 0, payload: writer.finish() }
}

/** The command byte of a request. */
export const commandOf = (request: NetlinkRequest): number => new Reader(request.payload).u8()
