/** The nest DEST (IPVS_DEST_ATTR_*). */
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import type { Port } from '../base/units.js'
import { port as toPort } from '../base/units.js'
import { addressFamily, decodeAddress, encodeAddress, familyOf } from './address-codec.js'
import type { AttributeReader, AttributeWriter } from './attributes.js'
import { IP_VS_CONN_F, IPVS_DEST_ATTR } from './constants.js'
import type { Destination, ObservedDestination, Traffic } from './model.js'
import { noTraffic } from './model.js'
import { decodeTraffic } from './traffic-codec.js'

/** All that names a destination within its service: what DEL needs. */
export function encodeDestinationKey(attributes: AttributeWriter, { endpoint }: Destination): void {
  attributes
    .u16(IPVS_DEST_ATTR.ADDR_FAMILY, addressFamily(endpoint.address.family))
    .bytes(IPVS_DEST_ATTR.ADDR, encodeAddress(endpoint.address))
    .u16be(IPVS_DEST_ATTR.PORT, endpoint.port)
}

/** The key, and what NEW and SET need beside it. */
export function encodeDestination(attributes: AttributeWriter, destination: Destination): void {
  encodeDestinationKey(attributes, destination)
  attributes
    .u32(IPVS_DEST_ATTR.FWD_METHOD, destination.forwarding)
    .u32(IPVS_DEST_ATTR.WEIGHT, destination.weight)
  if (destination.forwarding === IP_VS_CONN_F.TUNNEL) {
    attributes
      .u8(IPVS_DEST_ATTR.TUN_TYPE, destination.tunnel.type)
      .u16be(IPVS_DEST_ATTR.TUN_PORT, destination.tunnel.port)
      .u16(IPVS_DEST_ATTR.TUN_FLAGS, destination.tunnel.flags)
  }
  attributes
    .u32(IPVS_DEST_ATTR.U_THRESH, destination.upperThreshold)
    .u32(IPVS_DEST_ATTR.L_THRESH, destination.lowerThreshold)
}

export type DestinationError = 'destinationFamily' | 'destinationKey'

/**
 * Reads the nest to its end. Kernels before 3.18 say no family: it is then the service's, IPv4 unless the
 * caller knows better.
 */
export function decodeDestination(
  attributes: AttributeReader,
  serviceFamily: 4 | 6 = 4,
): Result<ObservedDestination, DestinationError> {
  let af = addressFamily(serviceFamily)
  let addressBytes: Uint8Array | undefined
  let port: Port | undefined
  const counts = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 }
  const asked = { forwarding: 0, weight: 0, upperThreshold: 0, lowerThreshold: 0 }
  const tunnel = { type: 0, port: 0 as Port, flags: 0 }
  let traffic: Traffic | undefined
  while (attributes.next()) {
    switch (attributes.type) {
      case IPVS_DEST_ATTR.ADDR_FAMILY:
        af = attributes.u16()
        break
      case IPVS_DEST_ATTR.ADDR:
        addressBytes = attributes.bytes()
        break
      case IPVS_DEST_ATTR.PORT:
        port = toPort(attributes.u16be())
        break
      case IPVS_DEST_ATTR.FWD_METHOD:
        asked.forwarding = attributes.u32()
        break
      case IPVS_DEST_ATTR.WEIGHT:
        asked.weight = attributes.u32()
        break
      case IPVS_DEST_ATTR.U_THRESH:
        asked.upperThreshold = attributes.u32()
        break
      case IPVS_DEST_ATTR.L_THRESH:
        asked.lowerThreshold = attributes.u32()
        break
      case IPVS_DEST_ATTR.ACTIVE_CONNS:
        counts.activeConnections = attributes.u32()
        break
      case IPVS_DEST_ATTR.INACT_CONNS:
        counts.inactiveConnections = attributes.u32()
        break
      case IPVS_DEST_ATTR.PERSIST_CONNS:
        counts.persistentConnections = attributes.u32()
        break
      case IPVS_DEST_ATTR.STATS:
        // STATS comes before STATS64, which says the same without wrapping: it overwrites.
        traffic ??= decodeTraffic(attributes.nest())
        break
      case IPVS_DEST_ATTR.STATS64:
        traffic = decodeTraffic(attributes.nest())
        break
      case IPVS_DEST_ATTR.TUN_TYPE:
        tunnel.type = attributes.u8()
        break
      case IPVS_DEST_ATTR.TUN_PORT:
        tunnel.port = toPort(attributes.u16be()) ?? tunnel.port
        break
      case IPVS_DEST_ATTR.TUN_FLAGS:
        tunnel.flags = attributes.u16()
        break
    }
  }
  const family = familyOf(af)
  if (family === undefined) return fail('destinationFamily')
  const address = addressBytes && decodeAddress(family, addressBytes)
  if (address === undefined || port === undefined) return fail('destinationKey')
  const endpoint = { address, port }
  return ok({ endpoint, ...asked, tunnel, ...counts, traffic: traffic ?? noTraffic })
}
