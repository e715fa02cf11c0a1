/** A hook in the model, from the file's words and back into them. */
import { createHash } from 'node:crypto'
import { type EventType, eventTypes } from '../base/events.js'
import type { Millis } from '../base/units.js'
import { unlessZero } from './defaults.js'
import { given, type NormalTable } from './normal-table.js'
import type { HookTable } from './tables/hook.js'
import { formatDuration } from './values.js'

interface HookCommon {
  /** Unique. */
  readonly name: string
  readonly on: readonly EventType[]
  readonly timeout: Millis
  /** Undefined: until it is superseded. */
  readonly retryFor: Millis | undefined
}

export interface CommandHookConfig extends HookCommon {
  readonly kind: 'command'
  readonly command: readonly string[]
  readonly user: string
}

export interface UrlHookConfig extends HookCommon {
  readonly kind: 'url'
  /** May hold a secret. */
  readonly url: string
  /** May hold secrets. */
  readonly headers: Readonly<Record<string, string>>
  readonly verify: boolean
  readonly caFile: string | undefined
}

export type HookConfig = CommandHookConfig | UrlHookConfig

export function buildHook(hook: HookTable): HookConfig {
  const all = hook.on.includes('*')
  const on = (Object.keys(eventTypes) as EventType[]).filter((type) => all || hook.on.includes(type))
  const common = { name: hookName(hook), on, timeout: hook.timeout, retryFor: unlessZero(hook.retry_for) }
  if ('command' in hook) return { kind: 'command', ...common, command: hook.command, user: hook.user }
  const { url, headers, verify, ca_file: caFile } = hook
  return { kind: 'url', ...common, url, headers, verify, caFile }
}

/** What a hook is called, as far as the file can be read. */
export function hookName(hook: {
  readonly name?: string | undefined
  readonly command?: readonly (string | undefined)[] | undefined
  readonly url?: string | undefined
}): string {
  if (hook.name !== undefined) return hook.name
  if (hook.url !== undefined) return new URL(hook.url).hostname
  return hook.command?.[0]?.split('/').at(-1) ?? ''
}

/** Without what may be secret: of that as much as shows that it changed. */
export function normalHook(hook: HookConfig): NormalTable {
  const { name, on, timeout, retryFor } = hook
  const common = {
    name,
    on,
    timeout: formatDuration(timeout),
    retry_for: retryFor === undefined ? '0s' : formatDuration(retryFor),
  }
  if (hook.kind === 'command') return { ...common, command: hook.command, user: hook.user }
  const headers = Object.entries(hook.headers).sort(([a], [b]) => (a < b ? -1 : 1))
  return given({
    ...common,
    url: `${new URL(hook.url).origin} ${fingerprint(hook.url)}`,
    headers: Object.fromEntries(headers.map(([key, value]) => [key, fingerprint(value)])),
    verify: hook.verify,
    ca_file: hook.caFile,
  })
}

const fingerprint = (secret: string): string => createHash('sha256').update(secret).digest('hex').slice(0, 8)
