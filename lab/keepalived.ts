import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectorName, virtualAddress } from './addresses.js'
import type { Lab } from './lab.js'
import type { LabProcess } from './lab-process.js'

/** Debian's keepalived on a director, electing only: VRRP version 3, multicast, one virtual router. */
export const startKeepalived = (lab: Lab, name: DirectorName, priority: number, interval = 100): LabProcess =>
  runKeepalived(
    lab,
    name,
    `vrrp_instance front {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int ${interval / 1000}
  virtual_ipaddress {
    ${virtualAddress}/24
  }
}
`,
  )

type KeepalivedPart = 'parent' | 'checkers' | 'vrrp' | 'bfd'

/** Of one of its processes, in a network namespace that has its own. */
export const keepalivedPidFile = (lab: Lab, name: DirectorName, part: KeepalivedPart): string =>
  `/run/${lab.topology.prefix}${name}-${part}.pid`

/** With these `vrrp_instance` blocks; they may be of several versions and families. */
export function runKeepalived(lab: Lab, name: DirectorName, instances: string): LabProcess {
  const file = join(lab.artefacts, `${name}-keepalived.conf`)
  const config = `
global_defs {
  router_id ${name}
  vrrp_version 3
}
${instances}`
  writeFileSync(file, config, { mode: 0o644 })
  const pidFile = (part: KeepalivedPart): string => keepalivedPidFile(lab, name, part)
  const pids = [
    '-p',
    pidFile('parent'),
    '-c',
    pidFile('checkers'),
    '-r',
    pidFile('vrrp'),
    '-b',
    pidFile('bfd'),
  ]
  // -G: without it keepalived throttles itself by its own logging.
  return lab.topology.spawn(name, 'keepalived', [
    'keepalived',
    '-P',
    '-n',
    '-l',
    '-G',
    '-D',
    '-f',
    file,
    ...pids,
  ])
}
