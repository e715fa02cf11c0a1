/** The ways from one state into another that several states share. */
import type { Millis } from '../base/units.js'
import { after, millis, ownerPriority } from '../base/units.js'
import { roleChanged } from './stability.js'
import {
  type Active,
  type Backup,
  blockReason,
  type Effect,
  type Fault,
  type Initialize,
  type Known,
  type Maintenance,
  type RouterParams,
  type State,
} from './state.js'
import { activeDownInterval } from './timers.js'

export type Step = readonly [State, readonly Effect[]]

export const ignored = (state: State): Step => [state, []]

/** A rival's kernel holds the address until its lease ends; announce for this much longer. */
const announceBeyondLease = 1_000
/** Between announcements once the first burst is out and while a rival's kernel may still answer. */
const announceAgainEvery = 400

export const transition = (from: State, to: State, reason: string): Effect => ({
  type: 'reportTransition',
  from: from.name,
  to: to.name,
  reason,
})

/** Section 6.4.1: into the election, if nothing keeps it out; the address owner, and who is alone, need none. */
export function join(params: RouterParams, from: State, now: Millis, why: string): Step {
  const { maintenance } = from.known
  if (maintenance !== undefined) return toMaintenance(from, undefined, maintenance)
  const blocked = blockReason(from.known)
  if (blocked !== undefined) return toFault(from, {}, blocked)
  const uncontested =
    params.priority === ownerPriority
      ? `${why}, owns the addresses (priority 255)`
      : params.alone
        ? `${why}, no peer is configured`
        : undefined
  if (uncontested === undefined) return toBackup(params, from, now, why, params.joinDelay)
  if (!params.grouped) return takeOver(params, from, now, uncontested)
  const [backup, effects] = toBackup(params, from, now, uncontested, 0)
  return [
    { ...backup, expired: true, activeDownAt: now },
    [...effects, { type: 'requestTakeOver', reason: uncontested }],
  ]
}

/**
 * Into Backup with a fresh Active_Down_Timer. The addresses are released whatever the state was: a
 * crashed predecessor may have left them behind.
 */
export function toBackup(
  params: RouterParams,
  from: State,
  now: Millis,
  reason: string,
  extra: number,
): readonly [Backup, readonly Effect[]] {
  const interval = params.advertisementInterval
  const backup: Backup = {
    name: 'backup',
    known: from.known,
    activeDownAt: after(now, millis(activeDownInterval(params.priority, interval, params.skew) + extra)),
    activeAdverInterval: interval,
    ableSince: now,
    graced: false,
    last: undefined,
    expired: false,
    adopting: false,
  }
  return [backup, [{ type: 'releaseAddresses' }, transition(from, backup, reason)]]
}

/**
 * The addresses of a predecessor that died a moment ago are still there, and it was Active: a Backup that
 * keeps them while it listens for another Active, and takes them up again if there is none.
 */
export function toAdopting(params: RouterParams, from: Initialize, now: Millis, listen: Millis): Step {
  const reason = 'started again, keeps the addresses while it listens'
  const [backup] = toBackup(params, from, now, reason, 0)
  return [
    { ...backup, activeDownAt: after(now, listen), adopting: true },
    [{ type: 'refreshLease' }, transition(from, backup, reason)],
  ]
}

/** Section 6.4.2, "If the Active_Down_Timer fires", in its order; the address is claimed before it is announced. */
export function takeOver(
  params: RouterParams,
  from: State,
  now: Millis,
  reason: string,
): readonly [Active, readonly Effect[]] {
  const active: Active = {
    name: 'active',
    known: { ...from.known, handedOver: undefined, handedOverAt: undefined },
    adverAt: after(now, params.advertisementInterval),
    sentAt: now,
    assertedAt: undefined,
    ...leased(params, now),
    announcedAt: now,
    announceAt: undefined,
    announcementsLeft: params.garp.count - 1,
    announceUntil: announceUntil(params, now),
    rival: undefined,
    leavingTo: undefined,
    takingFrom: undefined,
  }
  return [
    { ...active, announceAt: nextAnnouncement(params, active, now) },
    [
      { type: 'sendAdvertisement', priority: params.priority },
      { type: 'claimAddresses' },
      { type: 'announceAddresses' },
      transition(from, active, reason),
    ],
  ]
}

/** Deadlines of a lease that is claimed or refreshed right after `now`: counted from before the request. */
export function leased(
  params: RouterParams,
  now: Millis,
): Pick<Active, 'leasedAt' | 'leaseUntil' | 'refreshAt'> {
  const { lease } = params
  return {
    leasedAt: now,
    leaseUntil: lease === undefined ? undefined : after(now, lease),
    refreshAt: lease === undefined ? undefined : after(now, millis(lease / 3)),
  }
}

/** Without a lease nobody knows when a dead rival's kernel falls silent: the burst must do. */
export const announceUntil = (params: RouterParams, now: Millis): Millis =>
  params.lease === undefined ? now : after(now, millis(params.lease + announceBeyondLease))

/** The moment after an announcement at `now`: the burst, then while a rival may answer, then `garp.refresh`. */
export function nextAnnouncement(
  params: RouterParams,
  active: Pick<Active, 'announcementsLeft' | 'announceUntil'>,
  now: Millis,
): Millis | undefined {
  if (active.announcementsLeft > 0) return after(now, params.garp.interval)
  if (now < active.announceUntil) return after(now, millis(announceAgainEvery))
  return params.garp.refresh === undefined ? undefined : after(now, params.garp.refresh)
}

interface FaultCause {
  readonly linkDown?: string
  readonly retryAt?: Millis
}

/** Out of the election. Without a cause of its own it is `known.blocked` that keeps it there. */
export function toFault(from: State, cause: FaultCause, reason: string): Step {
  const fault: Fault = { name: 'fault', known: from.known, linkDown: cause.linkDown, retryAt: cause.retryAt }
  return out(from, fault, reason)
}

export function toMaintenance(from: State, linkDown: string | undefined, reason: string): Step {
  const state: Maintenance = { name: 'maintenance', known: from.known, linkDown }
  return out(from, state, reason)
}

/** Into Initialize from a state that holds no addresses. */
export function stop(from: Backup | Fault | Maintenance): Step {
  const state: Initialize = { name: 'initialize', known: from.known }
  return out(from, state, 'stopped')
}

/** At a start a crashed predecessor may have left the addresses behind. */
function out(from: State, to: Fault | Maintenance | Initialize, reason: string): Step {
  const report = transition(from, to, reason)
  return holdsAddresses(from) || from.name === 'initialize'
    ? [to, [{ type: 'releaseAddresses' }, report]]
    : [to, [report]]
}

const holdsAddresses = (state: State): boolean =>
  state.name === 'active' || (state.name === 'backup' && state.adopting)

/** The same state with a block or its end noted. */
export function withBlock<S extends State>(
  state: S,
  { cause, reason }: { readonly cause: keyof Known['blocked']; readonly reason: string | undefined },
): S {
  const { [cause]: _, ...others } = state.known.blocked
  const blocked = reason === undefined ? others : { ...others, [cause]: reason }
  return { ...state, known: { ...state.known, blocked } }
}

/** The kernel has taken what was claimed, or is to be asked for something else. */
export function withoutRefusal<S extends State>(state: S): S {
  const { refusal: _, ...known } = state.known
  return state.known.claimFailures === 0 ? state : { ...state, known: { ...known, claimFailures: 0 } }
}

/** An unplanned change of role: it counts towards the hold-down. */
export const unplanned = <S extends State>(params: RouterParams, state: S, now: Millis): S => ({
  ...state,
  known: { ...state.known, stability: roleChanged(params.holdDown, state.known.stability, now) },
})

const firstBackOff = 1_000
const longestBackOff = 60_000

/** End of the pause after the `failures`th refused claim in a row; doubles, so that a peer is not disturbed for ever. */
export const claimBackOff = (now: Millis, failures: number): Millis =>
  after(now, millis(Math.min(firstBackOff * 2 ** (failures - 1), longestBackOff)))
