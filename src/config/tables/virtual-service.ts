/** `[[virtual_service]]` and its real servers. */
import { weight } from '../../base/units.js'
import { list, shortFor } from '../collections.js'
import { netmask } from '../netmask.js'
import { serverAddress, servicePorts } from '../network.js'
import { defaulted, optional, required } from '../schema.js'
import { table } from '../table.js'
import { choice, duration, flag, integer, share, text } from '../values.js'
import { checks } from './check.js'
import { name } from './machine.js'
import { tunnelTable } from './tunnel.js'

/** Linux 6.1, net/netfilter/ipvs/ip_vs_*.c. */
export const schedulers = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'mh',
  'twos',
] as const

/** ipvsadm's names of IP_VS_SVC_F_SCHED_* (linux/ip_vs.h). */
const schedulerFlag = choice(['sh-fallback', 'sh-port', 'mh-fallback', 'mh-port'])

const forwarding = choice(['direct', 'nat', 'full_nat', 'tunnel'])
const forwardingField = optional(forwarding, "How packets reach it; the service's own method.")
const tunnelField = optional(tunnelTable, "How packets to it are wrapped; the service's own tunnel.")

const count = (value: number): number => value
/** The kernel keeps 32 bits, and counts in signed ones. */
const threshold = integer(0, 2_147_483_647, count)

const realServerTable = table(
  {
    name: optional(
      text('a name of letters, digits and . _ : [ ] - (at most 63)', /^[\w[][\w.:[\]-]{0,62}$/),
      'Name within the service; the address where it is left out.',
    ),
    address: required(
      serverAddress,
      'Address and port of the server; the address alone where a service has more than one port.',
    ),
    weight: defaulted(integer(0, 65535, weight), 100, 'Its share of new connections; 0: none.'),
    forwarding: forwardingField,
    tunnel: tunnelField,
    upper_threshold: defaulted(threshold, 0, 'Connections above which it gets no more; 0: no limit.'),
    lower_threshold: defaulted(
      threshold,
      0,
      'Connections below which it gets some again; 0: three quarters of upper_threshold.',
    ),
    check: optional(checks, "Replaces the service's check."),
  },
  {
    title: 'real_servers',
    synonyms: {
      ip: 'address',
      endpoint: 'address',
      checks: 'check',
      lb_kind: 'forwarding',
      uthreshold: 'upper_threshold',
      lthreshold: 'lower_threshold',
    },
  },
)

const sorryServerTable = table(
  {
    address: required(serverAddress, 'Address and port of the server.'),
    forwarding: forwardingField,
    tunnel: tunnelField,
  },
  { title: 'sorry_server', synonyms: { ip: 'address' } },
)

export const virtualServiceTable = table(
  {
    name: required(name, 'Name in logs, status and commands.'),
    address: optional(servicePorts, 'Virtual address with a port, a range of ports, or port 0 for all.'),
    fwmark: optional(
      integer(1, 0xffffffff, count),
      'In place of an address: whatever the firewall has put this mark on.',
    ),
    family: optional(choice(['ipv4', 'ipv6']), 'Of what bears the mark; ipv4.'),
    protocol: defaulted(choice(['tcp', 'udp', 'sctp']), 'tcp', 'Transport protocol.'),
    scheduler: defaulted(
      choice(schedulers),
      'wlc',
      'How new connections are spread, by its name in the kernel.',
    ),
    scheduler_flags: defaulted(
      list(schedulerFlag, { expected: 'a list of flags such as ["sh-port"]', atLeast: 0 }),
      [],
      'What sh and mh do beside: pass over a full server (fallback), count the port in (port).',
    ),
    one_packet: defaulted(flag, false, 'Each UDP packet is scheduled by itself.'),
    forwarding: defaulted(
      forwarding,
      'direct',
      'How packets reach the servers: direct routing or a tunnel (the server answers by itself), or address translation.',
    ),
    tunnel: optional(tunnelTable, 'How packets are wrapped with forwarding = "tunnel"; IPIP.'),
    persistence: optional(
      duration({ from: '1s', to: '744h', step: '1s', zero: 'off' }),
      'Connections of one client go to one server for this long.',
    ),
    persistence_netmask: optional(netmask, 'Clients of one network of this size count as one client.'),
    persistence_engine: optional(
      choice(['sip']),
      'What tells clients apart in place of their address: sip, by the Call-ID.',
    ),
    check: optional(checks, 'How servers are checked; TCP connections to their own port, for UDP none.'),
    on_down: defaulted(
      choice(['quiesce', 'remove']),
      'quiesce',
      'An unhealthy server gets weight 0 and keeps its connections, or is removed.',
    ),
    drain_timeout: defaulted(
      duration({ from: '1s', to: '24h', zero: 'off' }),
      '30s',
      'How long a server that goes may keep its connections; "0s": it goes at once.',
    ),
    slow_start: optional(
      duration({ from: '1s', to: '1h', zero: 'off' }),
      'How long the weight of a server that has come back takes to rise.',
    ),
    quorum: defaulted(
      integer(1, 2_147_483_647, count),
      1,
      'What the healthy servers must weigh together, or the service counts as down.',
    ),
    quorum_hysteresis: defaulted(
      integer(0, 2_147_483_647, count),
      0,
      'By how much they must weigh more to be enough again, or less to be too few.',
    ),
    panic_threshold: optional(
      share,
      'When more than this share of the servers fail at once, all are served on: the check is suspected.',
    ),
    initial: defaulted(
      choice(['up', 'down']),
      'up',
      'What a server counts as before its first checks are done.',
    ),
    sorry_server: optional(
      shortFor(sorryServerTable, 'address'),
      'Gets the connections while no real server takes any.',
    ),
    real_servers: required(
      list(shortFor(realServerTable, 'address'), {
        expected: 'a list of servers such as ["10.0.0.21:80"]',
        atLeast: 1,
      }),
      'The machines that do the work.',
    ),
  },
  {
    title: '[[virtual_service]]',
    synonyms: {
      lb_algo: 'scheduler',
      lvs_sched: 'scheduler',
      lb_kind: 'forwarding',
      lvs_method: 'forwarding',
      persistence_timeout: 'persistence',
      real_server: 'real_servers',
      servers: 'real_servers',
      backends: 'real_servers',
      checks: 'check',
      delay_loop: 'check.interval',
      hysteresis: 'quorum_hysteresis',
      fwm: 'fwmark',
      mark: 'fwmark',
      ops: 'one_packet',
      persistence_granularity: 'persistence_netmask',
      sh_fallback: 'scheduler_flags',
      sh_port: 'scheduler_flags',
      mh_fallback: 'scheduler_flags',
      mh_port: 'scheduler_flags',
    },
  },
)
