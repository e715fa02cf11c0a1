/** Generic netlink families are known by name and numbered by the running kernel. */
import { Commands, formatMessage, parseMessage } from 'netlink/dist/genl/structs.js'
import { AttrStream, formatGenlHeader, GENL_HEADER_LENGTH } from 'netlink/dist/structs.js'
import type { Netlink } from '../base/ports.js'
import { OpError } from '../base/result.js'
import type { Millis } from '../base/units.js'

/** include/uapi/linux/netlink.h */
export const NETLINK_GENERIC = 16
/** include/uapi/linux/genetlink.h: the family that knows the others. */
const GENL_ID_CTRL = 16

/**
 * Message type of the family of that name (`IPVS`); asking also makes the kernel load its module. Rejects
 * with `OpError`: ENOENT when this kernel does not have it.
 */
export async function resolveFamily(netlink: Netlink, name: string, timeout: Millis): Promise<number> {
  const stream = new AttrStream()
  stream.emit(formatGenlHeader({ cmd: Commands.GET_FAMILY, version: 1 }))
  stream.emit(formatMessage({ familyName: name }))
  const request = { type: GENL_ID_CTRL, flags: 0, payload: Buffer.concat(stream.bufs) }
  const [reply] = await netlink.exchange([request], timeout)
  const message = reply?.messages[0]
  if (reply?.code !== 'OK' || !message) {
    throw new OpError('resolve', `netlink family ${name}`, reply?.code ?? 'ENOENT')
  }
  const { familyId } = parseMessage(Buffer.from(message.payload.subarray(GENL_HEADER_LENGTH)))
  if (familyId === undefined) throw new OpError('resolve', `netlink family ${name}`, 'EBADMSG')
  return familyId
}
