/**
 * Planned handovers, make before break: the peer is asked to own the addresses first, and only when it
 * says that it does are they released here. Both sides of the conversation; the runtime owns the timer.
 */
import type { SyncReadiness } from '../base/facts.js'
import { fail, ok, type Result } from '../base/result.js'
import { after, type Millis, millis, ownerPriority, type Priority } from '../base/units.js'
import {
  decodeHandover,
  encodeHandover,
  type HandoverMessage,
  type HandoverUnit,
} from './handover-message.js'
import type { State } from './state.js'
import type { VirtualRouter } from './virtual-router.js'

/** Then the attempt is given up: the asker goes on as before. */
export const handoverLimit = millis(1_000)
/** So long the peer is given to get what sessions are on their way; then it is asked all the same. */
const sessionsLimit = millis(300)
/** A lost request or answer is asked for again. */
const repeatEvery = 50

export interface HandoverPorts {
  now(): Millis
  /** `then` runs once the peer has every session that is here now; it may never. Undefined: none are mirrored. */
  readonly settleSessions?: ((then: () => void) => void) | undefined
  /** False: no session with the peer. */
  send(message: Uint8Array): boolean
  /** Name of the peer while it can be reached. */
  reachablePeer(): string | undefined
  /** Empty: there is no such router or group here. */
  routersOf(unit: HandoverUnit): readonly VirtualRouter[]
  /** Whether this director may be asked to take over, beyond its routers' states. */
  ready(): SyncReadiness
  /** What happens to several routers meanwhile is one thing. */
  inOneGo(run: () => void): void
  /** The deadline may have moved. */
  rearm(): void
}

export interface HandoverWish {
  /** Also to a peer that has not got the sessions. */
  readonly force: boolean
  /** Leave the peer alone afterwards, whatever the priorities. */
  readonly stay: boolean
}

/** The name of the director that has taken over, or why none has. */
type Ended = (result: Result<string, string>) => void

interface Asked {
  readonly unit: HandoverUnit
  readonly request: Uint8Array
  readonly generation: number
  readonly to: string
  readonly stay: boolean
  readonly until: Millis
  repeatAt: Millis
  readonly ended: Ended
}

interface Taking {
  readonly unit: HandoverUnit
  readonly generation: number
  /** Undefined until the kernel has answered. */
  answer: Uint8Array | undefined
}

const keyOf = ({ kind, name }: HandoverUnit): string => `${kind} ${name}`

export class Handovers {
  private readonly asked = new Map<string, Asked>()
  private readonly taking = new Map<string, Taking>()
  private generations: number

  constructor(private readonly ports: HandoverPorts) {
    // Another one than before a restart, so that an old answer is none.
    this.generations = Math.floor(ports.now() * 16) >>> 0
  }

  /** When `onDeadline` wants to be called; undefined: not now. */
  get deadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const { repeatAt, until } of this.asked.values()) {
      const next = repeatAt < until ? repeatAt : until
      if (earliest === undefined || next < earliest) earliest = next
    }
    return earliest
  }

  /** Asks the peer to take over what is Active here. `ended` is called once, perhaps before this returns. */
  ask(unit: HandoverUnit, { force, stay }: HandoverWish, ended: Ended): void {
    const { ports } = this
    const routers = ports.routersOf(unit)
    const to = ports.reachablePeer()
    const obstacle = this.obstacle(unit, routers, stay)
    if (obstacle !== undefined || to === undefined) {
      ended(fail(obstacle ?? 'the peer is not reachable over the pair link'))
      return
    }
    this.generations = (this.generations + 1) >>> 0
    const generation = this.generations
    const priority = lowest(routers)
    const request = encodeHandover({ type: 'request', unit, generation, priority, force })
    const now = ports.now()
    const until = after(now, handoverLimit)
    const asked = { unit, request, generation, to, stay, until, repeatAt: after(now, sessionsLimit), ended }
    this.asked.set(keyOf(unit), asked)
    this.all(unit, { type: 'handingOver', to })
    const send = (): void => {
      if (this.asked.get(keyOf(unit)) !== asked) return
      asked.repeatAt = after(ports.now(), millis(repeatEvery))
      ports.send(request)
      ports.rearm()
    }
    ports.rearm()
    if (ports.settleSessions) ports.settleSessions(send)
    else send()
  }

  private obstacle(unit: HandoverUnit, routers: readonly VirtualRouter[], stay: boolean): string | undefined {
    if (routers.length === 0) return `there is no ${unit.kind} ${unit.name}`
    const idle = routers.find(({ state }) => state.name !== 'active')
    if (idle) return `${idle.name} is not Active here (${titleOf(idle.state)})`
    const owner = routers.find(({ priority }) => priority === ownerPriority)
    if (owner && stay)
      return `${owner.name} has priority 255 here: the address owner takes back at once what it gives`
    return this.asked.has(keyOf(unit)) ? `a handover of ${unit.name} is under way` : undefined
  }

  onDeadline(): void {
    const now = this.ports.now()
    for (const [key, asked] of this.asked) {
      if (now >= asked.until) {
        this.asked.delete(key)
        this.all(asked.unit, { type: 'handingOver', to: undefined })
        asked.ended(fail(`${asked.to} did not take over within ${handoverLimit} ms`))
      } else if (now >= asked.repeatAt) {
        asked.repeatAt = after(now, millis(repeatEvery))
        this.ports.send(asked.request)
      }
    }
  }

  /** False: not a message of this conversation. */
  receive(bytes: Uint8Array): boolean {
    const message = decodeHandover(bytes)
    if (!message) return false
    if (message.type === 'request') this.onRequest(message)
    else if (message.type === 'answer') this.onAnswer(message)
    else this.onReleased(message)
    return true
  }

  /** To be called after every step of a router: the kernel may have answered. */
  settle(): void {
    for (const taking of this.taking.values()) {
      if (taking.answer) continue
      const routers = this.ports.routersOf(taking.unit)
      const lost = routers.find(({ state }) => state.name !== 'active')
      if (lost) this.answer(taking, `${lost.name} is ${titleOf(lost.state)}`)
      else if (routers.every(({ ownsAddresses }) => ownsAddresses)) this.answer(taking, undefined)
    }
  }

  private onRequest({ unit, generation, priority, force }: HandoverMessage & { type: 'request' }): void {
    const { ports } = this
    const known = this.taking.get(keyOf(unit))
    if (known?.generation === generation) {
      if (known.answer) ports.send(known.answer)
      return
    }
    const routers = ports.routersOf(unit)
    const taking: Taking = { unit, generation, answer: undefined }
    const refusal = this.refusalOf(unit, routers, force)
    if (refusal !== undefined) {
      ports.send(encodeHandover({ type: 'answer', unit, generation, refusal }))
      return
    }
    const from = ports.reachablePeer() ?? 'the peer'
    const until = after(ports.now(), handoverLimit)
    this.all(unit, { type: 'takeOverAsked', from, priority, until })
    this.taking.set(keyOf(unit), taking)
    this.settle()
  }

  private refusalOf(
    unit: HandoverUnit,
    routers: readonly VirtualRouter[],
    force: boolean,
  ): string | undefined {
    if (routers.length === 0) return `has no ${unit.kind} ${unit.name}`
    const unable = routers.find(({ state }) => state.name !== 'backup')
    if (unable) return `${unable.name} is ${titleOf(unable.state)} there`
    const readiness = this.ports.ready()
    return force || readiness.ready ? undefined : `not ready: ${readiness.reason}`
  }

  private answer(taking: Taking, refusal: string | undefined): void {
    const { unit, generation } = taking
    taking.answer = encodeHandover({ type: 'answer', unit, generation, refusal })
    this.ports.send(taking.answer)
  }

  private onAnswer({ unit, generation, refusal }: HandoverMessage & { type: 'answer' }): void {
    const asked = this.asked.get(keyOf(unit))
    if (asked?.generation !== generation) {
      // Of an attempt that was given up, or asked by a predecessor: whoever took over takes what this
      // director advertises for a rival's again, instead of waiting for the end of the time limit.
      if (refusal === undefined) this.ports.send(encodeHandover({ type: 'released', unit, generation }))
      return
    }
    this.asked.delete(keyOf(unit))
    const { to, stay } = asked
    if (refusal !== undefined) {
      this.all(unit, { type: 'handingOver', to: undefined })
      asked.ended(fail(`${to} refuses: ${refusal}`))
      return
    }
    this.all(unit, { type: 'handedOver', to, stay })
    this.ports.send(encodeHandover({ type: 'released', unit, generation }))
    asked.ended(ok(to))
  }

  private onReleased({ unit, generation }: HandoverMessage): void {
    if (this.taking.get(keyOf(unit))?.generation !== generation) return
    this.all(unit, { type: 'takeOverComplete' })
  }

  private all(unit: HandoverUnit, event: Parameters<VirtualRouter['handle']>[0]): void {
    this.ports.inOneGo(() => {
      for (const router of this.ports.routersOf(unit)) router.handle(event)
    })
  }
}

const lowest = (routers: readonly VirtualRouter[]): Priority =>
  routers.reduce(
    (least, { priority }) => (priority < least ? priority : least),
    routers[0]?.priority ?? noPriority,
  )

const noPriority = 0 as Priority

const titles: Readonly<Record<State['name'], string>> = {
  initialize: 'not started',
  backup: 'Backup',
  active: 'Active',
  fault: 'in fault',
  maintenance: 'in maintenance',
}

const titleOf = (state: State): string => titles[state.name]
