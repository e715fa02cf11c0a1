/** Netlink framing over the `netlink` package's message layer: requests out, replies in. */
import { formatMessage, type NetlinkMessage, parseMessages, readS32 } from 'netlink/dist/structs.js'
import type { NetlinkRequest } from '../base/ports.js'
import { errnoName } from './errno.js'

/** nlmsg_flags (include/uapi/linux/netlink.h). */
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  DUMP_INTR: 0x10,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  DUMP: 0x300,
} as const

/** Message types below NLMSG_MIN_TYPE are the protocol's own. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const

/** Both bits of NLM_F_DUMP; on a NEW request they would mean REPLACE and EXCL, which nobody combines. */
export const isDump = (request: NetlinkRequest): boolean => (request.flags & NLM_F.DUMP) === NLM_F.DUMP

/** The requests as one datagram, numbered from `firstSequence` on. */
export function encodeRequests(requests: readonly NetlinkRequest[], firstSequence: number): Uint8Array {
  const parts: Uint8Array[] = []
  requests.forEach((request, i) => {
    const { type, payload } = request
    const flags = request.flags | NLM_F.REQUEST
    parts.push(...formatMessage({ type, flags, seq: (firstSequence + i) >>> 0, port: 0, data: payload }))
    const padding = -payload.length & 3
    if (padding > 0) parts.push(new Uint8Array(padding))
  })
  return Buffer.concat(parts)
}

/** The messages of one datagram; undefined when it is not made of whole messages. */
export function decodeMessages(bytes: Buffer): readonly NetlinkMessage[] | undefined {
  try {
    return parseMessages(bytes)
  } catch {
    return undefined
  }
}

/** `OK` or the errno's name out of NLMSG_ERROR, or out of NLMSG_DONE, which carries one since Linux 4.20. */
export function verdictOf(message: NetlinkMessage): string {
  const errno = message.data.length >= 4 ? -readS32.call(message.data, 0) : 0
  return errno === 0 ? 'OK' : errnoName(errno)
}
