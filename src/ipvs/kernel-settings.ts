/** The kernel settings that the table, the sync daemons and the forwarding methods rely on. */

export interface WantedSysctl {
  readonly name: string
  readonly value: string
  /** A larger number that is there already is as good. */
  readonly atLeast?: true
  /** Belongs to the initial network namespace: the machine's administrator may have to set it. */
  readonly foreign?: true
  /** Without it the file cannot be carried out; what has none such of the others is left out in silence. */
  readonly required?: true
  readonly why: string
}

export interface SettingNeeds {
  readonly syncing: boolean
  readonly persistence: boolean
  /** Families that are translated, `nat` and `full_nat` alike. */
  readonly translated: ReadonlySet<4 | 6>
  readonly fullNat: boolean
  /** Under `[ipvs] sysctls`: they win. */
  readonly user: Readonly<Record<string, string>>
}

/** Exists whenever the module ip_vs is there, in every network namespace. */
export const presenceOfIpvs = 'net.ipv4.vs.expire_nodest_conn'

/** Folders of settings by interface, which `wantedSysctls` asks for. */
export const interfaceSettings = { 4: 'net.ipv4.conf', 6: 'net.ipv6.conf' } as const

const SOCKET_BUFFER = '8000000'

const always: readonly WantedSysctl[] = [
  {
    name: 'net.ipv4.vs.expire_nodest_conn',
    value: '1',
    why: 'a connection whose server was removed ends at its next packet, and does not vanish into a void',
  },
]

const forPersistence: readonly WantedSysctl[] = [
  {
    name: 'net.ipv4.vs.expire_quiescent_template',
    value: '1',
    why: 'a persistent client of a server with weight 0 is sent to another one',
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

const forFullNat: readonly WantedSysctl[] = [
  {
    name: 'net.ipv4.vs.conntrack',
    value: '1',
    required: true,
    why: 'full NAT: the source is translated by connection tracking',
  },
  {
    name: 'net.netfilter.nf_conntrack_tcp_loose',
    value: '1',
    why: 'full NAT: a connection of the peer’s is taken up in the middle',
  },
]

/**
 * Everything that is needed, in the order of setting it. `interfaces` answers the names of the interfaces
 * below one of `interfaceSettings`, and `read` the present value.
 */
export function wantedSysctls(
  needs: SettingNeeds,
  interfaces: (folder: string) => readonly string[] = () => [],
  read: (name: string) => string | undefined = () => undefined,
): readonly WantedSysctl[] {
  const wanted = [
    ...always,
    ...(needs.persistence ? forPersistence : []),
    ...(needs.syncing ? forSync : []),
    ...(needs.fullNat ? forFullNat : []),
    ...(needs.translated.has(4) ? translation4(interfaces) : []),
    ...(needs.translated.has(6) ? translation6(interfaces, read) : []),
  ]
  const user = Object.entries(needs.user).map(([name, value]): WantedSysctl => {
    return { name, value, required: true, why: '[ipvs] sysctls' }
  })
  return [...wanted.filter(({ name }) => !Object.hasOwn(needs.user, name)), ...user]
}

const translation4 = (interfaces: (folder: string) => readonly string[]): readonly WantedSysctl[] => [
  {
    name: 'net.ipv4.ip_forward',
    value: '1',
    required: true,
    why: 'NAT: the servers’ answers pass through this machine',
  },
  // The kernel redirects where either is on; they follow ip_forward, which resets some of them.
  ...interfaces(interfaceSettings[4])
    .filter((name) => name !== 'lo' && name !== 'default')
    .map((name) => ({
      name: `${interfaceSettings[4]}.${name}.send_redirects`,
      value: '0',
      why: 'NAT on one network: a server that is told the shorter way would leave this machine out',
    })),
]

/** A forwarding machine believes no router's advertisements, and so loses its default route, unless told twice. */
const translation6 = (
  interfaces: (folder: string) => readonly string[],
  read: (name: string) => string | undefined,
): readonly WantedSysctl[] => [
  ...interfaces(interfaceSettings[6])
    .map((name) => `${interfaceSettings[6]}.${name}.accept_ra`)
    .filter((name) => ['1', '2'].includes(read(name) ?? ''))
    .map((name) => ({
      name,
      value: '2',
      why: 'IPv6 forwarding would stop this machine from learning its own default route',
    })),
  {
    name: 'net.ipv6.conf.all.forwarding',
    value: '1',
    required: true,
    why: 'NAT: the servers’ answers pass through this machine',
  },
]
