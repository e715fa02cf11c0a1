/** The persistence time of the service that a row of the kernel's connection table belongs to. Pure. */
import { equalIp } from '../base/ip.js'
import type { Protocol, VirtualServiceConfig } from '../config/model.js'
import type { Persistence } from '../sync/snapshot/table-row.js'

/** IPPROTO_ of linux/in.h. A template of a firewall mark has 0, and the mark in place of the address. */
const protocolNumbers: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 }

export const persistenceOf =
  (services: readonly VirtualServiceConfig[]): Persistence =>
  (protocol, virtual, port) => {
    const service = services.find(({ address: at, protocol: name }) => {
      if (at.kind === 'fwmark')
        return protocol === 0 && at.family === virtual.family && at.mark === markIn(virtual.bytes)
      const ours = name !== undefined && protocolNumbers[name] === protocol
      return ours && at.firstPort <= port && port <= at.lastPort && equalIp(at.address, virtual)
    })
    return service?.persistence === undefined ? undefined : service.persistence / 1000
  }

const markIn = (bytes: Uint8Array): number => bytes.slice(0, 4).reduce((mark, byte) => mark * 256 + byte, 0)
