/** `[[virtual_service]]` and its real servers. */
import { weight } from '../../base/units.js'
import { list, shortFor } from '../collections.js'
import { endpoint } from '../network.js'
import { defaulted, optional, required } from '../schema.js'
import { table } from '../table.js'
import { choice, duration, integer, only, text } from '../values.js'
import { checks } from './check.js'
import { name } from './machine.js'

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

const forwarding = choice(['direct', 'nat', 'full_nat'], { later: ['tunnel'] })

const realServerTable = table(
  {
    name: optional(
      text('a name of letters, digits and . _ : [ ] - (at most 63)', /^[\w[][\w.:[\]-]{0,62}$/),
      'Name within the service; the address where it is left out.',
    ),
    address: required(endpoint, 'Address and port of the server.'),
    weight: defaulted(integer(0, 65535, weight), 100, 'Its share of new connections; 0: none.'),
    forwarding: optional(forwarding, "How packets reach it; the service's own method."),
    check: optional(checks, "Replaces the service's check."),
  },
  {
    title: 'real_servers',
    later: ['upper_threshold', 'lower_threshold'],
    synonyms: { ip: 'address', endpoint: 'address', checks: 'check', lb_kind: 'forwarding' },
  },
)

export const virtualServiceTable = table(
  {
    name: required(name, 'Name in logs, status and commands.'),
    address: required(endpoint, 'Virtual address and port.'),
    protocol: defaulted(choice(['tcp', 'udp'], { later: ['sctp'] }), 'tcp', 'Transport protocol.'),
    scheduler: defaulted(
      choice(schedulers),
      'wlc',
      'How new connections are spread, by its name in the kernel.',
    ),
    forwarding: defaulted(
      forwarding,
      'direct',
      'How packets reach the servers: direct routing (the server answers by itself) or address translation.',
    ),
    persistence: optional(
      duration({ from: '1s', to: '744h', step: '1s', zero: 'off' }),
      'Connections of one client go to one server for this long.',
    ),
    check: optional(checks, 'How servers are checked; TCP connections to their own port, for UDP none.'),
    on_down: defaulted(
      choice(['quiesce', 'remove']),
      'quiesce',
      'An unhealthy server gets weight 0 and keeps its connections, or is removed.',
    ),
    initial: defaulted(
      choice(['up', 'down']),
      'up',
      'What a server counts as before its first checks are done.',
    ),
    one_packet: defaulted(only(false, [true]), false, 'Each UDP packet is scheduled by itself.'),
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
    later: [
      'fwmark',
      'family',
      'scheduler_flags',
      'tunnel',
      'persistence_netmask',
      'persistence_engine',
      'quorum',
      'quorum_hysteresis',
      'panic_threshold',
      'sorry_server',
      'slow_start',
      'drain_timeout',
    ],
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
      fwm: 'fwmark',
    },
  },
)
