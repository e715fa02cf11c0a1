/**
 * One translated connection in a message to the peer. Addresses have 4 or 16 bytes, as the family says; all
 * numbers are big-endian.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    |   Protocol    |  Family: 4, 6 |          Source port          |
 *    +---------------+---------------+-------------------------------+
 *    |          Client port          |         Virtual port          |
 *    +-------------------------------+-------------------------------+
 *    |          Server port          |       Client address …        |
 *    +-------------------------------+-------------------------------+
 *    |          … then the virtual and the server's address          |
 *    +---------------------------------------------------------------+
 */
import type { Reader, Writer } from '../base/bytes.js'
import type { Translation } from '../base/facts.js'
import { type Endpoint, ipFromBytes } from '../base/ip.js'
import { port as toPort } from '../base/units.js'

/** Bytes of the longest, over IPv6. */
export const longestTranslation = 10 + 3 * 16

export function appendTranslation(writer: Writer, one: Translation): void {
  const { protocol, client, virtual, server, sourcePort } = one
  writer.u8(protocol).u8(client.address.family).u16be(sourcePort)
  for (const { port } of [client, virtual, server]) writer.u16be(port)
  for (const { address } of [client, virtual, server]) writer.bytes(address.bytes)
}

/** Undefined when it is cut short or none. */
export function readTranslation(reader: Reader): Translation | undefined {
  const protocol = reader.u8()
  const family = reader.u8()
  const sourcePort = reader.u16be()
  if ((family !== 4 && family !== 6) || (protocol !== 6 && protocol !== 17)) return undefined
  const ports = [reader.u16be(), reader.u16be(), reader.u16be()]
  const ends = ports.map((port) => endpoint(reader.take(family === 4 ? 4 : 16), port))
  const [client, virtual, server] = ends
  if (reader.failed || !client || !virtual || !server) return undefined
  return { protocol, client, virtual, server, sourcePort }
}

function endpoint(bytes: Uint8Array, number: number): Endpoint | undefined {
  const address = ipFromBytes(bytes)
  const port = toPort(number)
  return address && port !== undefined ? { address, port } : undefined
}
