/** `vipair events`: what happened on this director, newest last. */
import type { ToldEvent } from '../base/events.js'
import { askDaemon } from './control-client.js'
import { eventLine } from './event-line.js'
import { followDaemon } from './event-stream.js'
import { paletteOf } from './palette.js'

export interface EventsOptions {
  readonly follow: boolean
  /** One JSON object a line. */
  readonly json: boolean
  readonly last: number
  /** Empty: all. */
  readonly types: readonly string[]
  readonly color: boolean
}

export interface EventsOutput {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
  /** The reader wants no more. */
  readonly closed: AbortSignal
}

/** Exit status: 0 done, 1 refused. Throws `NoDaemonError`. */
export async function runEvents(
  runtimeDir: string,
  { follow, json, last, types, color }: EventsOptions,
  { out, error, closed }: EventsOutput,
): Promise<number> {
  const palette = paletteOf(color)
  const show = (event: ToldEvent): void =>
    out(`${json ? JSON.stringify(event) : eventLine(event, palette)}\n`)
  const path = `/v1/events?last=${last}${types.length === 0 ? '' : `&type=${types.join(',')}`}`
  if (follow) {
    const onEvent = (data: string): void => show(JSON.parse(data) as ToldEvent)
    const onLost = (): void => error('vipair: the daemon is gone; waiting for it\n')
    await followDaemon(runtimeDir, path, { onEvent, onLost }, closed)
    return 0
  }
  const { status, body } = await askDaemon(runtimeDir, 'GET', path, undefined)
  if (status !== 200) {
    error(`vipair: ${String(body.error)}\n`)
    return 1
  }
  for (const event of Array.isArray(body.events) ? (body.events as readonly ToldEvent[]) : []) show(event)
  return 0
}
