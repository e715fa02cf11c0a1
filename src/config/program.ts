/** The programs that a configuration lets its checks and hooks run. */
import type { Millis } from '../base/units.js'
import type { CheckConfig } from './check.js'
import type { CommandHookConfig } from './hook.js'
import type { Config } from './model.js'

export interface ProgramConfig {
  /** Each has room of its own: checks that hang do not delay hooks. */
  readonly use: 'check' | 'hook'
  readonly command: readonly string[]
  readonly user: string
  readonly timeout: Millis
}

/** Equal for equal programs. Who asks for a run names this: it can ask for nothing that the file does not have. */
export const programKey = ({ use, command, user, timeout }: ProgramConfig): string =>
  JSON.stringify([use, user, timeout, ...command])

type Source = Pick<Config, 'virtualServices' | 'hooks'>

/** Each once. */
export function programsOf({ virtualServices, hooks }: Source): readonly ProgramConfig[] {
  const checks = new Set<CheckConfig>()
  for (const { realServers } of virtualServices)
    for (const server of realServers) for (const check of server.checks) checks.add(check)
  const programs = [
    ...[...checks].flatMap((check) => (check.type === 'script' ? [programOfCheck(check)] : [])),
    ...hooks.flatMap((hook) => (hook.kind === 'command' ? [programOfHook(hook)] : [])),
  ]
  return [...new Map(programs.map((program) => [programKey(program), program])).values()]
}

export const programOfHook = ({ command, user, timeout }: CommandHookConfig): ProgramConfig => ({
  use: 'hook',
  command,
  user,
  timeout,
})

export const programOfCheck = ({ command, user, timeout }: Omit<ProgramConfig, 'use'>): ProgramConfig => ({
  use: 'check',
  command,
  user,
  timeout,
})
