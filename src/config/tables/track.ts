/** `track`: what a director must have, besides its link, to be a good Active. */
import { keyed, list } from '../collections.js'
import { interfaceName, ip } from '../network.js'
import { type CompleteOf, type DraftOf, defaulted, optional, required } from '../schema.js'
import { table } from '../table.js'
import { duration, flag, integer, only, text } from '../values.js'
import { absolutePath, name } from './machine.js'
import { command, defaultUser, userName } from './program.js'

const count = (value: number): number => value
/** More than 253 would lift 1 above 254 or press 254 below 1. */
const weight = integer(-253, 253, (value) => (value === 0 ? undefined : value), ' other than 0')

const common = {
  name: optional(name, 'What status and log call it; by default what is tracked.'),
  weight: optional(
    weight,
    'Negative: added to the priority while it is down; positive: while it is up. Left out, down is a fault.',
  ),
}
const sampled = {
  interval: defaulted(duration({ from: '100ms', to: '1h' }), '1s', 'Between two looks.'),
  rise: defaulted(integer(1, 100, count), 2, 'Consecutive good ones that make it up.'),
  fall: defaulted(integer(1, 100, count), 3, 'Consecutive bad ones that make it down.'),
}
const synonyms = { init_fail: 'fall', retries: 'fall', priority: 'weight' }

const interfaceTrack = table(
  {
    interface: required(interfaceName, 'Its link must be up.'),
    address: optional(ip(), 'It must also hold this address.'),
    ...common,
  },
  { title: 'a tracked interface', synonyms: { ...synonyms, dev: 'interface' } },
)

const scriptTrack = table(
  {
    script: required(
      command,
      'Exit status 0 is good. The program is named by its absolute path and started without a shell.',
    ),
    timeout: defaulted(
      duration({ from: '10ms', to: '1h' }),
      '1s',
      'After this time it counts as bad, and its whole process group is killed.',
    ),
    user: defaulted(
      userName,
      defaultUser,
      'User as whom it runs, with no other group than that user has of its own.',
    ),
    ...sampled,
    ...common,
  },
  { title: 'a tracked script', synonyms: { ...synonyms, command: 'script' } },
)

const fileTrack = table(
  {
    file: required(absolutePath, 'It must exist.'),
    weight_from_content: defaulted(
      flag,
      false,
      'The whole number in the file is added to the priority; nothing is while there is none.',
    ),
    interval: defaulted(duration({ from: '100ms', to: '1h' }), '1s', 'Between two looks.'),
    ...common,
  },
  { title: 'a tracked file', synonyms: { ...synonyms, path: 'file' } },
)

const processTrack = table(
  {
    process: required(
      text("a program's name or absolute path", /^(?:[^/\0]{1,255}|\/[^\0]*[^/\0])$/),
      'A process of this program must be running.',
    ),
    pid_file: optional(absolutePath, 'And it must be the one whose number is in this file.'),
    ...sampled,
    ...common,
  },
  { title: 'a tracked process', synonyms: { ...synonyms, pidfile: 'pid_file' } },
)

const gatewayTrack = table(
  {
    gateway: required(ip(), 'It must answer ARP, or neighbour discovery where it is an IPv6 address.'),
    interface: optional(interfaceName, 'Where it is; by default the interface whose network it is in.'),
    ...sampled,
    ...common,
  },
  { title: 'a tracked gateway', synonyms },
)

const servicesTrack = table(
  {
    services: required(only(true, []), 'Sees as many healthy real servers as the peer does.'),
    hold: defaulted(
      duration({ from: '100ms', to: '1h' }),
      '2s',
      'How long a difference must last: both directors notice the same failure, not at the same time.',
    ),
    per_server: defaulted(
      flag,
      false,
      'The weight is added for each server that the peer sees and we do not.',
    ),
    name: common.name,
    weight: defaulted(integer(-253, -1, count), -60, 'Added to the priority while the peer sees more.'),
  },
  { title: 'tracked services', synonyms },
)

type Tables =
  | typeof interfaceTrack
  | typeof scriptTrack
  | typeof fileTrack
  | typeof processTrack
  | typeof gatewayTrack
  | typeof servicesTrack
/** One tracked thing in the file's own words. */
export type TrackTable = CompleteOf<Tables>

/** `gateway` before `interface`, which a gateway may have besides. */
const oneTrack = keyed<TrackTable, DraftOf<Tables>>(
  {
    gateway: gatewayTrack,
    script: scriptTrack,
    file: fileTrack,
    process: processTrack,
    services: servicesTrack,
    interface: interfaceTrack,
  },
  'a table such as { interface = "eth1" } or { gateway = "10.0.0.1" }',
)

export const tracks = list(oneTrack, {
  expected: 'a list such as [{ gateway = "10.0.0.1", weight = -30 }]',
  atLeast: 0,
  atMost: 32,
})
