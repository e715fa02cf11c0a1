/** The ways from one state into another that several states share. */
import type { Millis } from '../base/units.js'
import { after, millis, ownerPriority } from '../base/units.js'
import type { Active, Backup, Effect, Fault, Initialize, RouterParams, State } from './state.js'
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

/** Section 6.4.1: into the election; the address owner, and who is alone, need none. */
export function join(params: RouterParams, from: State, now: Millis, why: string): Step {
  if (params.priority === ownerPriority)
    return takeOver(params, from, now, `${why}, owns the addresses (priority 255)`)
  if (params.alone) return takeOver(params, from, now, `${why}, no peer is configured`)
  return toBackup(params, from, now, why, params.joinDelay)
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
): Step {
  const interval = params.advertisementInterval
  const backup: Backup = {
    name: 'backup',
    known: from.known,
    activeDownAt: after(now, millis(activeDownInterval(params.priority, interval) + extra)),
    activeAdverInterval: interval,
    ableSince: now,
    graced: false,
    last: undefined,
  }
  return [backup, [{ type: 'releaseAddresses' }, transition(from, backup, reason)]]
}

/** Section 6.4.2, "If the Active_Down_Timer fires", in its order; the address is claimed before it is announced. */
export function takeOver(params: RouterParams, from: State, now: Millis, reason: string): Step {
  const active: Active = {
    name: 'active',
    known: from.known,
    adverAt: after(now, params.advertisementInterval),
    sentAt: now,
    assertedAt: undefined,
    ...leased(params, now),
    announcedAt: now,
    announceAt: undefined,
    announcementsLeft: params.garp.count - 1,
    announceUntil: announceUntil(params, now),
    rival: undefined,
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

/** Out of the election. Nothing is held when it comes from Backup, so nothing is released. */
export function toFault(
  from: Initialize | Backup | Active,
  cause: { readonly linkDown: string } | { readonly retryAt: Millis },
  reason: string,
): Step {
  const fault: Fault = {
    name: 'fault',
    known: from.known,
    linkDown: 'linkDown' in cause ? cause.linkDown : undefined,
    retryAt: 'retryAt' in cause ? cause.retryAt : undefined,
  }
  const report = transition(from, fault, reason)
  return [fault, from.name === 'backup' ? [report] : [{ type: 'releaseAddresses' }, report]]
}

/** Into Initialize from a state that holds no addresses. */
export function stop(from: Backup | Fault): Step {
  const state: Initialize = { name: 'initialize', known: from.known }
  return [state, [transition(from, state, 'stopped')]]
}

const firstBackOff = 1_000
const longestBackOff = 60_000

/** End of the pause after the `failures`th refused claim in a row; doubles, so that a peer is not disturbed for ever. */
export const claimBackOff = (now: Millis, failures: number): Millis =>
  after(now, millis(Math.min(firstBackOff * 2 ** (failures - 1), longestBackOff)))
