/** What `POST /v1/services/NAME/servers/NAME` may hold. */
import type { AdminAction } from '../base/facts.js'
import { Refusal } from './refusal.js'
import type { ServerOrder } from './server-overrides.js'

const actions = ['drain', 'quiesce', 'enable', 'disable', 'weight'] as const satisfies readonly (
  | AdminAction
  | 'enable'
)[]

/** Throws `Refusal`. */
export function serverOrder(
  [service = '', server = '']: readonly string[],
  { action: word, weight, reason }: Readonly<Record<string, unknown>>,
): ServerOrder {
  const action = actions.find((one) => one === word)
  if (action === undefined) throw new Refusal(400, `action: one of ${actions.join(', ')} is needed`)
  const whole = typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= 65535
  if (action === 'weight' && !whole)
    throw new Refusal(400, 'weight: a whole number from 0 to 65535 is needed')
  if (action !== 'weight' && weight !== undefined)
    throw new Refusal(400, `weight: has no meaning with ${action}`)
  return {
    service,
    server,
    action,
    weight: whole ? weight : undefined,
    reason: typeof reason === 'string' && reason !== '' ? oneLine(reason) : undefined,
  }
}

/** It is shown in logs and on terminals. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
