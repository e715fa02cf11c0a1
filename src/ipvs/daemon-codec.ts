/** The nest DAEMON (IPVS_DAEMON_ATTR_*): the kernel's sync daemons. */
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import type { AttributeReader, AttributeWriter } from './attributes.js'
import { IP_VS_STATE, IPVS_DAEMON_ATTR } from './constants.js'
import type { Daemon, DaemonRole } from './model.js'

const stateOf: Readonly<Record<DaemonRole, number>> = {
  master: IP_VS_STATE.MASTER,
  backup: IP_VS_STATE.BACKUP,
}

/** What DEL needs. */
export function encodeDaemonKey(attributes: AttributeWriter, daemon: Daemon): void {
  attributes.u32(IPVS_DAEMON_ATTR.STATE, stateOf[daemon.role])
}

export function encodeDaemon(attributes: AttributeWriter, daemon: Daemon): void {
  encodeDaemonKey(attributes, daemon)
  attributes.text(IPVS_DAEMON_ATTR.MCAST_IFN, daemon.interface).u32(IPVS_DAEMON_ATTR.SYNC_ID, daemon.syncId)
  if (daemon.maxLength !== undefined) attributes.u16(IPVS_DAEMON_ATTR.SYNC_MAXLEN, daemon.maxLength)
}

export type DaemonError = 'daemonState'

export function decodeDaemon(attributes: AttributeReader): Result<Daemon, DaemonError> {
  let state = 0
  let interfaceName = ''
  let syncId = 0
  let maxLength: number | undefined
  while (attributes.next()) {
    switch (attributes.type) {
      case IPVS_DAEMON_ATTR.STATE:
        state = attributes.u32()
        break
      case IPVS_DAEMON_ATTR.MCAST_IFN:
        interfaceName = attributes.text()
        break
      case IPVS_DAEMON_ATTR.SYNC_ID:
        syncId = attributes.u32()
        break
      case IPVS_DAEMON_ATTR.SYNC_MAXLEN:
        maxLength = attributes.u16()
        break
    }
  }
  if (state !== IP_VS_STATE.MASTER && state !== IP_VS_STATE.BACKUP) return fail('daemonState')
  const role = state === IP_VS_STATE.MASTER ? 'master' : 'backup'
  return ok({ role, interface: interfaceName, syncId, maxLength })
}
