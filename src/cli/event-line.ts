/** An event as one line for people; pure. */
import type { ToldEvent } from '../base/events.js'
import { printable } from '../config/printable.js'
import type { Palette } from './palette.js'

const goodStates = new Set(['active', 'healthy', 'reachable', 'applied', 'done', 'running'])
const badStates = new Set(['fault', 'unhealthy', 'unreachable', 'refused', 'repaired', 'maintenance'])

/** `router.handover` is the longest. */
const typeWidth = 15

/** `2026-11-23 05:17:21.123  router.role      front: backup -> active, why`; the time is UTC, as in the log. */
export function eventLine({ at, type, subject, before, state, reason }: ToldEvent, palette: Palette): string {
  const paint = goodStates.has(state) ? palette.good : badStates.has(state) ? palette.bad : palette.strong
  const change = `${before === null ? '' : `${printable(before)} -> `}${paint(printable(state))}`
  const why = reason === '' ? '' : `, ${printable(reason)}`
  const time = at.replace('T', ' ').replace('Z', '')
  return `${palette.dim(`${printable(time)}  ${type.padEnd(typeWidth)}`)}  ${printable(subject)}: ${change}${why}`
}
