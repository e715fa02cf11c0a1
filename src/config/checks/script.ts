/** A check of type `script`. */
import type { CompleteOf } from '../schema.js'
import type { scriptCheck } from '../tables/checks/script.js'
import { type CheckCommon, commonOf } from './common.js'

export interface ScriptCheckConfig extends CheckCommon {
  readonly type: 'script'
  /** Absolute path and arguments; no shell. */
  readonly command: readonly string[]
  readonly user: string
  /** Exit status 2 to 255 is a weight of 0 to 253, and passes. */
  readonly weightFromExit: boolean
}

export function buildScript(table: CompleteOf<typeof scriptCheck>): ScriptCheckConfig {
  const { command, user, weight_from_exit: weightFromExit } = table
  return { type: 'script', ...commonOf({ ...table, bind: undefined }), command, user, weightFromExit }
}

export const normalScript = ({ command, user, weightFromExit }: ScriptCheckConfig) => ({
  command,
  user,
  weight_from_exit: weightFromExit,
})
