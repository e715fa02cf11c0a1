/** The whole file. */
import { list } from '../collections.js'
import { type DraftOf, defaulted, required } from '../schema.js'
import { keyHomes, table } from '../table.js'
import { healthcheckTable } from './healthcheck.js'
import { hook } from './hook.js'
import { controlTable, directorTable, ipvsTable, logTable, pairTable, syncTable } from './machine.js'
import { virtualRouterTable } from './virtual-router.js'
import { virtualServiceTable } from './virtual-service.js'

export const fileTable = table(
  {
    pair: defaulted(pairTable, {}, 'What the two directors have in common.'),
    director: required(
      list(directorTable, { expected: '[[director]]', atLeast: 1, atMost: 2 }),
      'The machines that run vipair: one, or a pair.',
    ),
    virtual_router: defaulted(
      list(virtualRouterTable, { expected: '[[virtual_router]]', atLeast: 0 }),
      [],
      'Virtual addresses that one director holds at a time.',
    ),
    virtual_service: defaulted(
      list(virtualServiceTable, { expected: '[[virtual_service]]', atLeast: 0 }),
      [],
      'What clients connect to, and the servers behind it.',
    ),
    sync: defaulted(syncTable, {}, 'Mirroring of the connection table to the peer.'),
    ipvs: defaulted(ipvsTable, {}, "The kernel's IPVS table."),
    healthcheck: defaulted(healthcheckTable, {}, 'The processes that check the servers.'),
    control: defaulted(controlTable, {}, 'The control socket.'),
    log: defaulted(logTable, {}, 'What the daemon writes about itself.'),
    hook: defaulted(
      list(hook, { expected: '[[hook]]', atLeast: 0, atMost: 32 }),
      [],
      'Programs and web addresses that are told what happens.',
    ),
  },
  {
    title: 'the top level',
    later: ['drill'],
    synonyms: {
      vrrp_instance: '[[virtual_router]]',
      vrrp: '[[virtual_router]]',
      virtual_server: '[[virtual_service]]',
      service: '[[virtual_service]]',
      router: '[[virtual_router]]',
      global_defs: '[[director]]',
      real_servers: 'real_servers in [[virtual_service]]',
    },
  },
)

/** The file with every default filled in, in the file's own words. */
export type FileTable = NonNullable<(typeof fileTable)['complete']>
/** The same with holes where the file is wrong. */
export type FileDraft = DraftOf<typeof fileTable>

/** Which tables know a key: for keys that stand in the wrong one. */
export const homes = keyHomes(fileTable)
