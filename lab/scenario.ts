import type { Flavour } from './guest/flavour.js'
import type { Lab } from './lab.js'
import type { ForwardingMethod } from './topology.js'

/** Something that must hold on a real kernel: `run` throws when it does not. */
export interface Scenario {
  readonly name: string
  readonly summary: string
  /** How the directors hand packets to the servers. */
  readonly forwarding: ForwardingMethod
  /** Kernels that can show it; undefined: all. */
  readonly flavours?: readonly Flavour[]
  run(lab: Lab): Promise<void>
}
