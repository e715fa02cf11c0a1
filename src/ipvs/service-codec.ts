/** The nest SERVICE (IPVS_SVC_ATTR_*). */
import { Reader } from '../base/bytes.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import type { Port } from '../base/units.js'
import { port as toPort } from '../base/units.js'
import { addressFamily, decodeAddress, encodeAddress, familyOf } from './address-codec.js'
import type { AttributeReader, AttributeWriter } from './attributes.js'
import { IPVS_SVC_ATTR } from './constants.js'
import type { ObservedService, Service, ServiceKey, Traffic } from './model.js'
import { familyOfKey, noTraffic } from './model.js'
import { decodeTraffic } from './traffic-codec.js'

const ALL_FLAGS = 0xffffffff

/** AF and FWMARK, or AF, PROTOCOL, ADDR and PORT: all that names a service. */
export function encodeServiceKey(attributes: AttributeWriter, key: ServiceKey): void {
  if (key.kind === 'fwmark') {
    attributes.u16(IPVS_SVC_ATTR.AF, addressFamily(key.family)).u32(IPVS_SVC_ATTR.FWMARK, key.mark)
    return
  }
  attributes
    .u16(IPVS_SVC_ATTR.AF, addressFamily(key.address.family))
    .u16(IPVS_SVC_ATTR.PROTOCOL, key.protocol)
    .bytes(IPVS_SVC_ATTR.ADDR, encodeAddress(key.address))
    .u16be(IPVS_SVC_ATTR.PORT, key.port)
}

/** The key, and what NEW and SET need beside it. FLAGS is `struct ip_vs_flags`: the flags, then the mask of those that count. */
export function encodeService(attributes: AttributeWriter, service: Service): void {
  encodeServiceKey(attributes, service.key)
  attributes.text(IPVS_SVC_ATTR.SCHED_NAME, service.scheduler)
  if (service.engine !== undefined) attributes.text(IPVS_SVC_ATTR.PE_NAME, service.engine)
  attributes
    .u32(IPVS_SVC_ATTR.FLAGS, service.flags, ALL_FLAGS)
    .u32(IPVS_SVC_ATTR.TIMEOUT, service.persistenceSeconds)
  if (familyOfKey(service.key) === 4) attributes.u32be(IPVS_SVC_ATTR.NETMASK, service.netmask)
  else attributes.u32(IPVS_SVC_ATTR.NETMASK, service.netmask)
}

export type ServiceError = 'serviceFamily' | 'serviceKey'

/** What was read so far: the attributes may come in any order. */
interface Draft {
  af?: number
  protocol?: number
  address?: Uint8Array
  port?: Port | undefined
  mark?: number
  netmask?: Uint8Array
}

/** Reads the nest to its end. Numbers that are not there are zero, as the kernel leaves them out. */
export function decodeService(attributes: AttributeReader): Result<ObservedService, ServiceError> {
  const draft: Draft = {}
  let scheduler = ''
  let flags = 0
  let persistenceSeconds = 0
  let engine: string | undefined
  let traffic: Traffic | undefined
  while (attributes.next()) {
    switch (attributes.type) {
      case IPVS_SVC_ATTR.AF:
        draft.af = attributes.u16()
        break
      case IPVS_SVC_ATTR.PROTOCOL:
        draft.protocol = attributes.u16()
        break
      case IPVS_SVC_ATTR.ADDR:
        draft.address = attributes.bytes()
        break
      case IPVS_SVC_ATTR.PORT:
        draft.port = toPort(attributes.u16be())
        break
      case IPVS_SVC_ATTR.FWMARK:
        draft.mark = attributes.u32()
        break
      case IPVS_SVC_ATTR.SCHED_NAME:
        scheduler = attributes.text()
        break
      case IPVS_SVC_ATTR.FLAGS:
        flags = attributes.u32()
        break
      case IPVS_SVC_ATTR.TIMEOUT:
        persistenceSeconds = attributes.u32()
        break
      case IPVS_SVC_ATTR.NETMASK:
        draft.netmask = attributes.bytes(4)
        break
      case IPVS_SVC_ATTR.PE_NAME:
        engine = attributes.text()
        break
      case IPVS_SVC_ATTR.STATS:
        traffic ??= decodeTraffic(attributes.nest())
        break
      case IPVS_SVC_ATTR.STATS64:
        traffic = decodeTraffic(attributes.nest())
        break
    }
  }
  const family = familyOf(draft.af)
  if (family === undefined) return fail('serviceFamily')
  const key = keyOf(family, draft)
  if (key === undefined) return fail('serviceKey')
  const netmask = netmaskOf(family, draft.netmask)
  return ok({ key, scheduler, flags, persistenceSeconds, netmask, engine, traffic: traffic ?? noTraffic })
}

function keyOf(family: 4 | 6, draft: Draft): ServiceKey | undefined {
  if (draft.mark !== undefined && draft.mark !== 0) return { kind: 'fwmark', family, mark: draft.mark }
  const address = draft.address && decodeAddress(family, draft.address)
  if (address === undefined || draft.protocol === undefined || draft.port === undefined) return undefined
  return { kind: 'endpoint', protocol: draft.protocol, address, port: draft.port }
}

function netmaskOf(family: 4 | 6, bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0
  const reader = new Reader(bytes)
  return family === 4 ? reader.u32be() : reader.u32host()
}
