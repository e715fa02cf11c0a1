import type { ServerName } from './addresses.js'
import type { LabProcess } from './lab-process.js'
import { Load, type LoadOptions } from './load/load.js'
import { built } from './paths.js'
import { type ForwardingMethod, Topology } from './topology.js'
import { busyMachine, until } from './wait.js'

/** One laid-out network with what runs in it: what a scenario is given. */
export class Lab {
  readonly topology: Topology
  readonly forwarding: ForwardingMethod
  /** Folder whose files come back to the host. */
  readonly artefacts: string
  readonly #onRecord: (name: string, value: string) => void
  readonly #onSay: (text: string) => void

  constructor(
    topology: Topology,
    forwarding: ForwardingMethod,
    onRecord: (name: string, value: string) => void,
    onSay: (text: string) => void,
  ) {
    this.topology = topology
    this.forwarding = forwarding
    this.artefacts = topology.artefacts
    this.#onRecord = onRecord
    this.#onSay = onSay
  }

  /** Notes a measured figure; shown with the scenario's result. */
  record(name: string, value: string | number): void {
    this.#onRecord(name, String(value))
  }

  /** Says what happens now. */
  say(text: string): void {
    this.#onSay(text)
  }

  /** Starts one real server and waits until it listens. */
  async server(name: ServerName): Promise<LabProcess> {
    let ready = false
    const server = this.topology.spawn(name, 'server', [process.execPath, built('lab/web-server'), name], {
      onLine: (line) => {
        ready ||= line === 'ready'
      },
    })
    await until(`${name} listens`, 15000 * busyMachine, () => (ready ? true : undefined))
    return server
  }

  /** All three real servers. */
  async servers(): Promise<Record<ServerName, LabProcess>> {
    const [rs1, rs2, rs3] = await Promise.all([this.server('rs1'), this.server('rs2'), this.server('rs3')])
    return { rs1, rs2, rs3 }
  }

  /** Starts the client's load; `load.ready()` waits for its sessions. */
  load(options: LoadOptions = {}): Load {
    return new Load(this.topology, options)
  }
}

/** Lays the network out, calls `use`, and removes everything whatever happened. */
export async function withLab(
  artefacts: string,
  forwarding: ForwardingMethod,
  hooks: { onRecord: (name: string, value: string) => void; onSay: (text: string) => void },
  use: (lab: Lab) => Promise<void>,
): Promise<void> {
  const topology = await Topology.create(artefacts, forwarding)
  try {
    await use(new Lab(topology, forwarding, hooks.onRecord, hooks.onSay))
  } finally {
    await topology.close()
  }
}
