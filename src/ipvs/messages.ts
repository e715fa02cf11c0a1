/**
 * Messages of the generic-netlink family `IPVS`: what follows the 16-byte nlmsghdr.
 *
 *     0 u8 command (IPVS_CMD)   1 u8 version (1)   2 u16 reserved   4 attributes (IPVS_CMD_ATTR)
 */
import { Reader, Writer } from '../base/bytes.js'
import type { Result } from '../base/result.js'
import { fail, ok, unreachable } from '../base/result.js'
import { AttributeReader, AttributeWriter } from './attributes.js'
import { IPVS_CMD_ATTR, IPVS_GENL_VERSION } from './constants.js'
import type { DaemonError } from './daemon-codec.js'
import { decodeDaemon, encodeDaemon, encodeDaemonKey } from './daemon-codec.js'
import type { DestinationError } from './destination-codec.js'
import { decodeDestination, encodeDestination, encodeDestinationKey } from './destination-codec.js'
import type { Daemon, ObservedDestination, ObservedService, ServiceKey, Timeouts } from './model.js'
import type { Operation } from './operation.js'
import { operationCommand } from './operation.js'
import type { ServiceError } from './service-codec.js'
import { decodeService, encodeService, encodeServiceKey } from './service-codec.js'

/** A command without arguments: GET_SERVICE as a dump, GET_DAEMON as a dump, GET_CONFIG, FLUSH. */
export const encodeCommand = (command: number): Uint8Array => message(command, () => {})

/** A command about one service: GET_SERVICE, or GET_DEST as a dump. */
export const encodeServiceCommand = (command: number, key: ServiceKey): Uint8Array =>
  message(command, (top) => top.nest(IPVS_CMD_ATTR.SERVICE, (nest) => encodeServiceKey(nest, key)))

/** SET_CONFIG. A zero leaves that timeout as it is. */
export const encodeTimeouts = (command: number, timeouts: Timeouts): Uint8Array =>
  message(command, (top) =>
    top
      .u32(IPVS_CMD_ATTR.TIMEOUT_TCP, timeouts.tcp)
      .u32(IPVS_CMD_ATTR.TIMEOUT_TCP_FIN, timeouts.tcpFin)
      .u32(IPVS_CMD_ATTR.TIMEOUT_UDP, timeouts.udp),
  )

export function encodeOperation(operation: Operation): Uint8Array {
  return message(operationCommand[operation.kind], (top) => {
    switch (operation.kind) {
      case 'newService':
      case 'setService':
        top.nest(IPVS_CMD_ATTR.SERVICE, (nest) => encodeService(nest, operation.service))
        return
      case 'delService':
        top.nest(IPVS_CMD_ATTR.SERVICE, (nest) => encodeServiceKey(nest, operation.key))
        return
      case 'newDest':
      case 'setDest':
        top.nest(IPVS_CMD_ATTR.SERVICE, (nest) => encodeServiceKey(nest, operation.key))
        top.nest(IPVS_CMD_ATTR.DEST, (nest) => encodeDestination(nest, operation.destination))
        return
      case 'delDest':
        top.nest(IPVS_CMD_ATTR.SERVICE, (nest) => encodeServiceKey(nest, operation.key))
        top.nest(IPVS_CMD_ATTR.DEST, (nest) => encodeDestinationKey(nest, operation.destination))
        return
      case 'newDaemon':
        top.nest(IPVS_CMD_ATTR.DAEMON, (nest) => encodeDaemon(nest, operation.daemon))
        return
      case 'delDaemon':
        top.nest(IPVS_CMD_ATTR.DAEMON, (nest) => encodeDaemonKey(nest, operation.daemon))
        return
      default:
        unreachable(operation)
    }
  })
}

/** Whatever a message holds, each at most once. */
export interface Decoded {
  readonly command: number
  readonly service: ObservedService | undefined
  readonly destination: ObservedDestination | undefined
  readonly daemon: Daemon | undefined
  readonly timeouts: Timeouts
}

export type DecodeError = 'truncated' | 'version' | ServiceError | DestinationError | DaemonError

/** Never throws. Attributes that are not known are passed over: newer kernels add some. */
export function decodeMessage(payload: Uint8Array): Result<Decoded, DecodeError> {
  const reader = new Reader(payload)
  const command = reader.u8()
  const version = reader.u8()
  reader.skip(2)
  if (reader.failed) return fail('truncated')
  if (version !== IPVS_GENL_VERSION) return fail('version')
  const top = new AttributeReader(reader)
  const timeouts = { tcp: 0, tcpFin: 0, udp: 0 }
  let service: Result<ObservedService, ServiceError> | undefined
  let destination: Result<ObservedDestination, DestinationError> | undefined
  let daemon: Result<Daemon, DaemonError> | undefined
  while (top.next()) {
    switch (top.type) {
      case IPVS_CMD_ATTR.SERVICE:
        service = decodeService(top.nest())
        break
      case IPVS_CMD_ATTR.DEST:
        destination = decodeDestination(top.nest())
        break
      case IPVS_CMD_ATTR.DAEMON:
        daemon = decodeDaemon(top.nest())
        break
      case IPVS_CMD_ATTR.TIMEOUT_TCP:
        timeouts.tcp = top.u32()
        break
      case IPVS_CMD_ATTR.TIMEOUT_TCP_FIN:
        timeouts.tcpFin = top.u32()
        break
      case IPVS_CMD_ATTR.TIMEOUT_UDP:
        timeouts.udp = top.u32()
        break
    }
  }
  if (reader.failed) return fail('truncated')
  for (const nest of [service, destination, daemon]) if (nest?.ok === false) return nest
  return ok({
    command,
    service: service?.ok ? service.value : undefined,
    destination: destination?.ok ? destination.value : undefined,
    daemon: daemon?.ok ? daemon.value : undefined,
    timeouts,
  })
}

/** Every message is put together here and copied: thousands of buffers of their own would be collected in vain. */
const writer = new Writer(256)
const attributes = new AttributeWriter(writer)

function message(command: number, fill: (top: AttributeWriter) => void): Uint8Array {
  writer.clear().u8(command).u8(IPVS_GENL_VERSION).u16host(0)
  fill(attributes)
  return writer.finish()
}
