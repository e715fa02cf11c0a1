/** The nests STATS and STATS64 (IPVS_STATS_ATTR_*). */
import type { AttributeReader } from './attributes.js'
import { IPVS_STATS_ATTR } from './constants.js'
import type { Traffic } from './model.js'
import { noTraffic } from './model.js'

const fields = new Map<number, keyof Traffic>([
  [IPVS_STATS_ATTR.CONNS, 'connections'],
  [IPVS_STATS_ATTR.INPKTS, 'inPackets'],
  [IPVS_STATS_ATTR.OUTPKTS, 'outPackets'],
  [IPVS_STATS_ATTR.INBYTES, 'inBytes'],
  [IPVS_STATS_ATTR.OUTBYTES, 'outBytes'],
  [IPVS_STATS_ATTR.CPS, 'connectionRate'],
  [IPVS_STATS_ATTR.INPPS, 'inPacketRate'],
  [IPVS_STATS_ATTR.OUTPPS, 'outPacketRate'],
  [IPVS_STATS_ATTR.INBPS, 'inByteRate'],
  [IPVS_STATS_ATTR.OUTBPS, 'outByteRate'],
])

/** A counter that is not there counts as zero. */
export function decodeTraffic(attributes: AttributeReader): Traffic {
  const traffic = { ...noTraffic }
  while (attributes.next()) {
    const field = fields.get(attributes.type)
    if (field !== undefined) traffic[field] = attributes.counter()
  }
  return traffic
}
