/** Tables about the two machines and the daemon itself. */
import { priority } from '../../base/units.js'
import { list } from '../collections.js'
import { ip, portNumber } from '../network.js'
import { defaulted, optional, required, type Schema } from '../schema.js'
import { table } from '../table.js'
import { choice, duration, integer, parsed, type Refusal, text } from '../values.js'
import { sysctls } from './sysctls.js'

/** Names appear in URLs, metrics and log lines. */
export const name = text(
  'a name of letters, digits, ".", "_" and "-" (at most 63)',
  /^[A-Za-z0-9][\w.-]{0,62}$/,
)

export const absolutePath = text('an absolute path', /^\/[^\0]*[^/\0]$/)

/** RFC 9568 section 5.2.4 keeps 0 for resigning and 255 for the address owner. */
const electionPriority = integer(1, 254, priority)
/** A director may own the addresses of one router and not of another. */
export const routerPriority = integer(1, 255, priority)

const socketMode: Schema<number> = parsed(
  'permission bits as a string such as "0660"',
  (value: string): number | Refusal =>
    /^0?[0-7]{3}$/.test(value) ? Number.parseInt(value, 8) : { message: `"${value}" is not valid` },
  (value): value is Refusal => typeof value !== 'number',
  { pattern: '^0?[0-7]{3}$' },
)

export const pairTable = table(
  {
    name: defaulted(name, 'vipair', 'What the two directors together are called in logs and in status.'),
    key_file: optional(absolutePath, 'File with the key that both directors share (`vipair keygen`).'),
    port: defaulted(portNumber, 8849, 'UDP port on which the directors talk to each other.'),
  },
  {
    title: '[pair]',
    later: ['next_key_file'],
    synonyms: { key: 'key_file', auth_pass: 'key_file', secret: 'key_file' },
  },
)

export const directorTable = table(
  {
    name: required(name, 'Name of the machine; its host name, unless --director says otherwise.'),
    address: required(ip(), 'Its own address, on which the other director reaches it.'),
    addresses: defaulted(
      list(ip(), {
        expected: 'a list of addresses such as ["10.1.0.11"]',
        atLeast: 0,
        atMost: 7,
      }),
      [],
      'Further addresses of its own, on other networks: each is one more path between the directors.',
    ),
    priority: optional(
      electionPriority,
      'The higher one is preferred as Active; 150 for the first director, 100 for the second.',
    ),
  },
  {
    title: '[[director]]',
    synonyms: { router_id: 'name', ip: 'address', host: 'name' },
  },
)

export const syncTable = table(
  {
    transport: defaulted(
      choice(['unicast', 'off'], { later: ['multicast'] }),
      'unicast',
      'How connections are mirrored to the peer: authenticated over the pair port, or not at all.',
    ),
  },
  {
    title: '[sync]',
    later: ['interface', 'threshold', 'refresh', 'snapshot_interval'],
    synonyms: { lvs_sync_daemon: 'transport', mode: 'transport' },
  },
)

/** The kernel takes whole seconds. */
const idle = duration({ from: '1s', to: '744h', step: '1s' })

const timeoutsTable = table(
  {
    tcp: optional(idle, 'Of an established TCP connection; as the kernel has it, 15 minutes.'),
    tcp_fin: optional(idle, 'Of a TCP connection that is closing; 2 minutes.'),
    udp: optional(idle, 'Of a UDP connection; 5 minutes.'),
  },
  { title: 'timeouts', synonyms: { tcpfin: 'tcp_fin', fin: 'tcp_fin' } },
)

export const ipvsTable = table(
  {
    on_exit: defaulted(
      choice(['keep', 'flush']),
      'keep',
      'What an orderly stop does with the IPVS table: it goes on forwarding, or it is emptied.',
    ),
    manage: defaulted(
      choice(['declared', 'all']),
      'declared',
      'Which services are managed: those of this file, or all, so that foreign ones are removed.',
    ),
    reconcile_interval: defaulted(
      duration({ from: '1s', to: '1h' }),
      '10s',
      "How often the kernel's table is compared with what it should be.",
    ),
    sysctls,
    timeouts: defaulted(timeoutsTable, {}, 'How long an idle connection is remembered.'),
  },
  { title: '[ipvs]', synonyms: { lvs_timeouts: 'timeouts' } },
)

export const controlTable = table(
  {
    group: optional(
      text('a group name', /^[a-z_][a-z0-9_-]{0,31}\$?$/),
      'Group that may use the control socket; only root where it is left out.',
    ),
    mode: defaulted(socketMode, '0660', 'Permission bits of the control socket.'),
  },
  { title: '[control]', later: ['http'] },
)

export const logTable = table(
  {
    level: defaulted(
      choice(['error', 'warn', 'info', 'debug']),
      'info',
      'The least important message that is written.',
    ),
    format: defaulted(
      choice(['journal', 'json', 'text']),
      'text',
      'Lines for people, JSON, or fields for the journal.',
    ),
  },
  { title: '[log]', later: ['syslog'] },
)
