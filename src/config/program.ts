/** The programs that a configuration lets its checks and hooks run. */
import type { Millis } from '../base/units.js'
import type { CheckConfig } from './check.js'
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

/** Each once. */
export function programsOf({ virtualServices }: Pick<Config, 'virtualServices'>): readonly ProgramConfig[] {
  const checks = new Set<CheckConfig>()
  for (const { realServers } of virtualServices)
    for (const server of realServers) for (const check of server.checks) checks.add(check)
  const found = new Map<string, ProgramConfig>()
  for (const check of checks) {
    if (check.type !== 'script') continue
    const program = programOfCheck(check)
    found.set(programKey(program), program)
  }
  return [...found.values()]
}

export const programOfCheck = ({ command, user, timeout }: Omit<ProgramConfig, 'use'>): ProgramConfig => ({
  use: 'check',
  command,
  user,
  timeout,
})
