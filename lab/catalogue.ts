import type { Scenario } from './scenario.js'
import { labSpreadDirect, labSpreadNat } from './scenarios/lab-spread.js'

/** Every scenario, in the order they run. */
export const catalogue: readonly Scenario[] = [labSpreadDirect, labSpreadNat]
