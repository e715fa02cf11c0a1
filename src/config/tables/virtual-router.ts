/** `[[virtual_router]]`: addresses that one director holds at a time. */
import { vrid } from '../../base/units.js'
import { list, mapOf } from '../collections.js'
import { interfaceName } from '../network.js'
import { defaulted, optional, required } from '../schema.js'
import { table } from '../table.js'
import { choice, duration, flag, integer, oneOf, only, text } from '../values.js'
import { name, routerPriority } from './machine.js'
import { tracks } from './track.js'
import { virtualAddress } from './virtual-address.js'
import { routes, rules } from './virtual-route.js'

const count = (value: number): number => value

const garpTable = table(
  {
    count: defaulted(integer(1, 100, count), 5, 'Gratuitous ARPs for each address at a take-over.'),
    interval: defaulted(duration({ from: '10ms', to: '10s' }), '200ms', 'Time between two of them.'),
    refresh: defaulted(
      duration({ from: '1s', to: '1h', zero: 'never' }),
      '10s',
      'Repeats the announcement for as long as the director is Active: one that was lost leaves a host astray.',
    ),
  },
  { title: 'garp', synonyms: { repeat: 'count', delay: 'interval' } },
)

const authenticationTable = table(
  {
    type: required(only('simple', []), 'The simple password of RFC 2338.'),
    password: required(
      text('a password of 1 to 8 printable ASCII characters', /^[!-~]{1,8}$/, { secret: true }),
      'The password.',
    ),
  },
  {
    title: 'authentication',
    synonyms: { auth_type: 'type', auth_pass: 'password', pass: 'password' },
  },
)

export const virtualRouterTable = table(
  {
    name: required(name, 'Name in logs, status and commands.'),
    vrid: required(integer(1, 255, vrid), 'Virtual router identifier (VRID), unique on its network.'),
    interface: optional(
      interfaceName,
      "Where the addresses go; the interface of the director's own address.",
    ),
    addresses: required(
      list(virtualAddress, {
        expected: 'a list of addresses such as ["10.0.0.100/24"]',
        atLeast: 1,
        atMost: 255,
      }),
      'The virtual addresses with their prefix lengths, all IPv4 or all IPv6.',
    ),
    routes: defaulted(routes, [], 'Routes that the Active has: they come after its addresses and go before.'),
    rules: defaulted(rules, [], 'Policy rules that the Active has, likewise.'),
    transport: defaulted(
      choice(['udp', 'multicast', 'unicast']),
      'udp',
      "Advertisements: authenticated on the pair port; or IP protocol 112 as other VRRP routers speak it, to their multicast group or to the peer's address.",
    ),
    version: defaulted(
      oneOf([2, 3]),
      3,
      'VRRP version; 2 only for IPv4 and for peers that know no other, with IP protocol 112.',
    ),
    authentication: optional(
      authenticationTable,
      'Password of VRRP version 2, in clear on the wire: for peers that insist on one.',
    ),
    checksum: defaulted(
      choice(['pseudo_header', 'plain']),
      'pseudo_header',
      'What the checksum of version 3 over IPv4 covers when it is sent: the IP addresses as well, as keepalived and most others demand, or the message alone, as RFC 9568 has it. Both are accepted.',
    ),
    advertisement_interval: defaulted(
      duration({ from: '10ms', to: '255s', step: '10ms' }),
      '100ms',
      'Between two advertisements; a failover takes three of them and a little. With version 2 whole seconds, "1s" where it is left out.',
    ),
    preempt: defaulted(
      choice(['when_synced', 'always', 'never']),
      'when_synced',
      'Whether a returning director of higher priority takes over: once it holds the sessions, at once, or not.',
    ),
    preempt_delay: defaulted(
      duration({ from: '1ms', to: '1h', zero: 'at once' }),
      '0s',
      'How long it waits before it does.',
    ),
    group: optional(name, 'Routers of one group fail over together, in one go.'),
    lease: defaulted(
      duration({ from: '1s', to: '1h', step: '1s', zero: 'addresses never expire' }),
      '3s',
      'The kernel drops the addresses of a dead or frozen director after this time.',
    ),
    garp: defaulted(garpTable, {}, 'Announcement of the addresses by gratuitous ARP.'),
    priority: defaulted(
      mapOf(routerPriority, { expected: 'a table such as { lb1 = 150, lb2 = 100 }' }),
      {},
      "Priorities by director for this router; the director's own where one is not named. 255: is Active whenever it runs.",
    ),
    track: defaulted(tracks, [], 'What this director must have to be a good Active.'),
    accept: defaulted(
      flag,
      true,
      'Whether the Active itself takes packets to the addresses; without it only ARP, neighbour discovery and virtual services (needs nft).',
    ),
    virtual_mac: defaulted(
      flag,
      false,
      "The addresses are on a macvlan of the interface, with VRRP's virtual MAC address 00:00:5e:00:01:VRID (IPv6: 02:VRID).",
    ),
    driver: defaulted(only('address', []), 'address', 'How the addresses move.'),
  },
  {
    title: '[[virtual_router]]',
    synonyms: {
      virtual_router_id: 'vrid',
      router_id: 'vrid',
      advert_int: 'advertisement_interval',
      interval: 'advertisement_interval',
      virtual_ipaddress: 'addresses',
      virtual_addresses: 'addresses',
      vip: 'addresses',
      vips: 'addresses',
      virtual_routes: 'routes',
      static_routes: 'routes',
      virtual_rules: 'rules',
      dev: 'interface',
      nopreempt: 'preempt = "never"',
      state: 'priority',
      use_vmac: 'virtual_mac',
      sync_group: 'group',
      track_interface: 'track',
      track_script: 'track',
      track_file: 'track',
      track_process: 'track',
      auth_pass: 'authentication',
      auth_type: 'authentication',
    },
  },
)
