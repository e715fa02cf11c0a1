/** Keeps kernel settings what they must be, and gives them back as they were found. */
import type { Log, Sysctl } from '../base/ports.js'
import { OpError } from '../base/result.js'
import type { WantedSysctl } from './kernel-settings.js'

/** What a setting was before it was touched, and what it was set to. */
export interface Remembered {
  readonly before: string
  readonly ours: string
}

/** Survives the process but not the machine's restart: then the settings are the machine's own again. */
export interface SysctlMemory {
  /** Empty when nothing was changed, or nothing is known. */
  read(): Readonly<Record<string, Remembered>>
  /** Throws `OpError`. */
  write(changed: Readonly<Record<string, Remembered>>): void
}

export interface Kept {
  /** What could not be set: each with its cure. */
  readonly failures: readonly OpError[]
  /** What somebody else had changed and was set again, a line each; told once a setting. */
  readonly drift: readonly string[]
}

export class SysctlKeeper {
  private readonly changed: Map<string, Remembered>
  private readonly drifted = new Set<string>()

  constructor(
    private readonly sysctl: Sysctl,
    private readonly memory: SysctlMemory,
    private readonly log: Log,
  ) {
    this.changed = new Map(Object.entries(memory.read()))
  }

  /** Sets what differs, and gives back what is no longer wanted. */
  keep(wanted: readonly WantedSysctl[]): Kept {
    const failures: OpError[] = []
    const drift: string[] = []
    const names = new Set(wanted.map(({ name }) => name))
    for (const name of [...this.changed.keys()].reverse()) if (!names.has(name)) this.giveBack(name)
    for (const one of wanted) {
      try {
        const found = this.set(one)
        if (found !== undefined) drift.push(found)
      } catch (error) {
        if (!(error instanceof OpError)) throw error
        if (one.foreign) this.log.debug(`${one.name} stays as it is: ${error.code}`)
        else failures.push(explained(error, one))
      }
    }
    return { failures, drift }
  }

  /** Every setting as it was found, the last one first. */
  restore(): void {
    for (const name of [...this.changed.keys()].reverse()) this.giveBack(name)
  }

  private set(wanted: WantedSysctl): string | undefined {
    const { name, value, atLeast, why } = wanted
    const now = this.sysctl.read(name)
    if (now === undefined) {
      if (wanted.required) throw new OpError('sysctl', name, 'ENOENT')
      return undefined
    }
    if (now === value || (atLeast && Number(now) >= Number(value))) return undefined
    const before = this.changed.get(name)
    // Remembered first: whoever comes after a crash must not take our value for the machine's own.
    if (before?.ours !== value) this.remember(name, { before: before?.before ?? now, ours: value })
    try {
      this.sysctl.write(name, value)
    } catch (error) {
      if (before === undefined) this.forget(name)
      throw error
    }
    if (before?.ours !== value) {
      this.log.info(`${name}: ${now} -> ${value} (${why})`)
      return undefined
    }
    const text = `${name}: somebody set ${now}; ${value} again (${why})`
    if (this.drifted.has(name)) {
      this.log.debug(text)
      return undefined
    }
    this.drifted.add(name)
    this.log.warn(text)
    return `${name}: ${now} -> ${value}`
  }

  /** What somebody else has changed since is theirs. */
  private giveBack(name: string): void {
    const { before, ours } = this.changed.get(name) ?? {}
    this.drifted.delete(name)
    const now = this.sysctl.read(name)
    try {
      if (before !== undefined && now === ours) {
        this.sysctl.write(name, before)
        this.log.info(`${name}: ${ours} -> ${before}, as it was before`)
      }
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      this.log.warn(`${name} cannot be set back to ${before}: ${error.code}`)
    }
    this.forget(name)
  }

  private remember(name: string, values: Remembered): void {
    this.changed.set(name, values)
    this.save()
  }

  private forget(name: string): void {
    if (this.changed.delete(name)) this.save()
  }

  /** Forwarding matters more than giving back. */
  private save(): void {
    try {
      this.memory.write(Object.fromEntries(this.changed))
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      this.log.warn(`${error.message}: a later run will not know what these settings were before`)
    }
  }
}

function explained(error: OpError, { name, value, why }: WantedSysctl): OpError {
  const cause = new Error(cure(error.code, name, value, why))
  return new OpError('sysctl', name, error.code, { cause })
}

function cure(code: string, name: string, value: string, why: string): string {
  if (code === 'ENOENT') {
    return name === 'net.ipv4.vs.conntrack'
      ? 'this kernel was built without IP_VS_NFCT, and cannot do full NAT'
      : `this kernel has no such setting, which is needed (${why})`
  }
  if (code === 'EINVAL') return `the kernel does not take "${value}" (${why})`
  return `it must be ${value} (${why}): set it on the host, sysctl -w ${name}='${value}', or run as root with /proc/sys writable`
}
