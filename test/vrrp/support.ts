/** Words that the tests of this room share. */
import assert from 'node:assert/strict'
import type { SyncReadiness } from '../../src/base/facts.js'
import { type IpAddress, type IpPrefix, parseIp, parsePrefix } from '../../src/base/ip.js'
import { type Millis, millis, type Priority, priority } from '../../src/base/units.js'
import type { VirtualRoute, VirtualRule } from '../../src/config/model.js'
import { step } from '../../src/vrrp/machine.js'
import type { Active, Backup, Effect, Event, Fault, RouterParams, State } from '../../src/vrrp/state.js'
import { initialState } from '../../src/vrrp/state.js'

export function known<T>(value: T | undefined): T {
  assert.notEqual(value, undefined)
  return value as T
}

export const ip = (text: string): IpAddress => known(parseIp(text))
export const prefix = (text: string): IpPrefix => known(parsePrefix(text))
export const prio = (n: number): Priority => known(priority(n))
export const ms = (n: number): Millis => millis(n)

export const ready: SyncReadiness = { ready: true, reason: 'has the sessions' }
export const notReady: SyncReadiness = { ready: false, reason: 'waits for the first snapshot' }

/** lb1: priority 100, 100 ms, skew 60.9375 ms, active-down interval 360.9375 ms. */
export const params: RouterParams = {
  priority: prio(100),
  source: ip('10.0.0.11'),
  advertisementInterval: ms(100),
  preempt: 'always',
  preemptDelay: ms(0),
  lease: ms(3000),
  garp: { count: 3, interval: ms(100), refresh: undefined },
  joinDelay: ms(0),
  alone: false,
}
export const skew = ((256 - 100) * 100) / 256
export const activeDown = 300 + skew

export const advert = (
  priorityValue: number,
  more: { source?: string; interval?: number } = {},
): Event & { type: 'advertisementReceived' } => ({
  type: 'advertisementReceived',
  source: ip(more.source ?? '10.0.0.12'),
  sender: 'lb2',
  priority: prio(priorityValue),
  interval: ms(more.interval ?? 100),
})

export const deadline: Event = { type: 'deadlineReached', inputRead: false }
export const deadlineRead: Event = { type: 'deadlineReached', inputRead: true }
export const startup: Event = { type: 'startup', linkDown: undefined }

/** A machine under a test's hand: each call is one event at one moment. */
export class Machine {
  state: State
  effects: readonly Effect[] = []

  constructor(
    readonly params: RouterParams,
    sync: SyncReadiness = notReady,
  ) {
    this.state = initialState(sync)
  }

  at(now: number, event: Event): this {
    const [state, effects] = step(this.params, this.state, event, ms(now))
    this.state = state
    this.effects = effects
    return this
  }

  /** The last step's effects, shortly: `send 100, claim, announce, initialize -> active`. */
  get did(): string {
    return this.effects.map(shortly).join(', ')
  }

  get reason(): string | undefined {
    const report = this.effects.findLast((effect) => effect.type === 'reportTransition')
    return report?.reason
  }

  backup(): Backup {
    assert.equal(this.state.name, 'backup')
    return this.state as Backup
  }

  active(): Active {
    assert.equal(this.state.name, 'active')
    return this.state as Active
  }

  fault(): Fault {
    assert.equal(this.state.name, 'fault')
    return this.state as Fault
  }
}

function shortly(effect: Effect): string {
  switch (effect.type) {
    case 'sendAdvertisement':
      return `send ${effect.priority}`
    case 'claimAddresses':
      return 'claim'
    case 'refreshLease':
      return 'refresh'
    case 'announceAddresses':
      return 'announce'
    case 'releaseAddresses':
      return 'release'
    case 'readPendingInput':
      return 'read input'
    case 'reportLinkFault':
      return effect.reason === undefined ? 'heard again' : 'link fault'
    case 'reportForgery':
      return 'forgery'
    case 'requestTakeOver':
      return `request: ${effect.reason}`
    case 'reportTransition':
      return `${effect.from} -> ${effect.to}`
  }
}

/** In Backup since 0, nobody heard. */
export const aBackup = (more: Partial<RouterParams> = {}, sync?: SyncReadiness): Machine =>
  new Machine({ ...params, ...more }, sync).at(0, startup)

/** Active since `activeDown`. */
export const anActive = (more: Partial<RouterParams> = {}, sync?: SyncReadiness): Machine => {
  const machine = aBackup(more, sync)
  return machine.at(machine.backup().activeDownAt, deadlineRead)
}

/** The default route by 10.0.0.1. */
export const route: VirtualRoute = {
  to: prefix('0.0.0.0/0'),
  via: ip('10.0.0.1'),
  interface: undefined,
  source: undefined,
  metric: undefined,
  table: 254,
  scope: 'global',
  onlink: false,
}

/** What comes from 10.0.0.100 uses table 100. */
export const rule: VirtualRule = {
  family: 4,
  from: prefix('10.0.0.100/32'),
  to: undefined,
  fwmark: undefined,
  interface: undefined,
  table: 100,
  priority: 1000,
}
