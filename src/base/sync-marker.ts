/**
 * A virtual service of vipair's own, on this machine's loopback only, whose connections push what the kernel has
 * gathered for the sync daemon out of it: without them a lone connection is told after 2 to 3 s
 * (IPVS_SYNC_FLUSH_TIME in net/netfilter/ipvs/ip_vs_sync.c).
 */
import { type Endpoint, parseEndpoint } from './ip.js'

const endpoint = (text: string): Endpoint => {
  const parsed = parseEndpoint(text)
  if (!parsed) throw new Error(`no endpoint: ${text}`)
  return parsed
}

/** What is connected to; the sync process listens there. */
export const markerService = endpoint('127.8.8.48:8848')
/** Its one destination, by direct routing: an address of the same machine, which therefore keeps the packet. */
export const markerDestination = endpoint('127.8.8.49:8848')
