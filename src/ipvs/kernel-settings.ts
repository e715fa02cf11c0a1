/** The kernel settings that the table and the sync daemons rely on. */
import type { Log, Sysctl } from '../base/ports.js'
import { OpError } from '../base/result.js'

export interface WantedSysctl {
  readonly name: string
  readonly value: string
  /** A larger number that is there already is as good. */
  readonly atLeast?: true
  /** Belongs to the initial network namespace: the machine's administrator may have to set it. */
  readonly foreign?: true
  readonly why: string
}

/** Exists whenever the module ip_vs is there, in every network namespace. */
export const presenceOfIpvs = 'net.ipv4.vs.expire_nodest_conn'

const SOCKET_BUFFER = '8000000'

const always: readonly WantedSysctl[] = [
  {
    name: 'net.ipv4.vs.expire_nodest_conn',
    value: '1',
    why: 'a connection whose server was removed ends at its next packet, and does not vanish into a void',
  },
  {
    name: 'net.ipv4.vs.conntrack',
    value: '0',
    why: 'connection tracking of balanced traffic costs, and only full NAT needs it',
  },
]

/** In this order: the limit before the size that it limits, and all before a daemon opens its socket. */
const forSync: readonly WantedSysctl[] = [
  {
    name: 'net.core.rmem_max',
    value: SOCKET_BUFFER,
    atLeast: true,
    foreign: true,
    why: 'the default buffer loses up to a quarter of a burst of sync messages',
  },
  {
    name: 'net.ipv4.vs.sync_sock_size',
    value: SOCKET_BUFFER,
    why: 'the default buffer loses up to a quarter of a burst of sync messages',
  },
  {
    name: 'net.ipv4.vs.sync_threshold',
    value: '0 1',
    why: 'a connection is synced from its first packet on, not from its third and then each fiftieth',
  },
  { name: 'net.ipv4.vs.sync_refresh_period', value: '10', why: 'a quiet connection is repeated to the peer' },
  { name: 'net.ipv4.vs.sync_retries', value: '1', why: 'a change of state is said twice' },
]

export const wantedSysctls = (syncing: boolean): readonly WantedSysctl[] =>
  syncing ? [...always, ...forSync] : always

/**
 * Sets what is there and differs. A name that this kernel does not know is left out; so is, without a
 * complaint, one that only another namespace may set.
 */
export function applySysctls(wanted: readonly WantedSysctl[], sysctl: Sysctl, log: Log): readonly OpError[] {
  const failures: OpError[] = []
  for (const { name, value, atLeast, foreign, why } of wanted) {
    const before = sysctl.read(name)
    if (before === undefined || before === value) continue
    if (atLeast && Number(before) >= Number(value)) continue
    try {
      sysctl.write(name, value)
      log.info(`${name}: ${before} -> ${value} (${why})`)
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      if (foreign) log.debug(`${name} stays ${before}: ${error.code}`)
      else failures.push(error)
    }
  }
  return failures
}
