/** What many lives came to. */
import type { Outcome } from './scenario.js'

/** `machines`: the pure machine of one router, in twos and threes. `directors`: pairs of whole directors as they ship. */
export type LifeKind = 'machines' | 'directors'

export interface SeedRange {
  readonly kind: LifeKind
  readonly first: number
  readonly count: number
}

export interface Tally {
  readonly lives: number
  readonly virtualHours: number
  readonly steps: number
  readonly transitions: number
  readonly faults: number
  /** Virtual hours by the interval of the life, in milliseconds. */
  readonly hoursAt: Readonly<Record<number, number>>
}

export const noLives: Tally = { lives: 0, virtualHours: 0, steps: 0, transitions: 0, faults: 0, hoursAt: {} }

export const tallyOf = (outcomes: readonly Outcome[]): Tally =>
  outcomes
    .map(({ interval, ...others }) => ({
      lives: 1,
      ...others,
      hoursAt: { [interval]: others.virtualHours },
    }))
    .reduce<Tally>(addTallies, noLives)

export function addTallies(a: Tally, b: Tally): Tally {
  const hoursAt: Record<number, number> = { ...a.hoursAt }
  for (const [interval, hours] of Object.entries(b.hoursAt))
    hoursAt[Number(interval)] = (hoursAt[Number(interval)] ?? 0) + hours
  return {
    lives: a.lives + b.lives,
    virtualHours: a.virtualHours + b.virtualHours,
    steps: a.steps + b.steps,
    transitions: a.transitions + b.transitions,
    faults: a.faults + b.faults,
    hoursAt,
  }
}

/** For people: `12.3 virtual hours (20 % at 1 s …), 3 faults …`. */
export function describeTally({ lives, virtualHours, steps, transitions, faults, hoursAt }: Tally): string {
  const shares = Object.entries(hoursAt)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([interval, hours]) => `${Number(interval) / 1000} s: ${hours.toFixed(0)}`)
  const count = (value: number): string => value.toLocaleString('en')
  return (
    `${virtualHours.toFixed(0)} virtual hours in ${count(lives)} lives (by advertisement interval: ${shares.join(', ')}), ` +
    `${count(faults)} faults, ${count(transitions)} role changes, ${count(steps)} events handled`
  )
}
