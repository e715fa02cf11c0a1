import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { formatIp } from '../../src/base/ip.js'
import type { NameAnswer } from '../../src/base/ports.js'
import { DnsLookup } from '../../src/platform/name-lookup.js'

type Records = Readonly<Record<number, readonly { readonly ttl: number; readonly data: readonly number[] }[]>>

/** RFC 1035 section 4: answers each question of a type with these, or with an rcode alone. */
async function dnsServer(records: Records, rcode = 0) {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.on('message', (query, peer) => {
    let end = 12
    while ((query[end] ?? 0) !== 0) end += (query[end] ?? 0) + 1
    const question = query.subarray(12, end + 5)
    const type = query.readUInt16BE(end + 1)
    const found = records[type] ?? []
    const header = Buffer.alloc(12)
    header.writeUInt16BE(query.readUInt16BE(0), 0)
    header.writeUInt16BE(0x8180 | rcode, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(found.length, 6)
    const answers = found.map(({ ttl, data }) => {
      const fixed = Buffer.alloc(12)
      fixed.writeUInt16BE(0xc00c, 0)
      fixed.writeUInt16BE(type, 2)
      fixed.writeUInt16BE(1, 4)
      fixed.writeUInt32BE(ttl, 6)
      fixed.writeUInt16BE(data.length, 10)
      return Buffer.concat([fixed, Buffer.from(data)])
    })
    socket.send(Buffer.concat([header, question, ...answers]), peer.port, peer.address)
  })
  const lookup = new DnsLookup([`127.0.0.1:${socket.address().port}`])
  return { lookUp: (name: string) => lookup.lookUp(name), close: () => socket.close() }
}

const shown = (answer: NameAnswer) =>
  answer.type === 'addresses' ? { ttl: answer.ttl, addresses: answer.addresses.map(formatIp) } : answer
const [A, AAAA] = [1, 28]
const loopback6 = [...new Array<number>(15).fill(0), 1]

describe('platform/name-lookup', () => {
  const cases = [
    {
      name: 'answers addresses of both families with the shortest time to live',
      server: [{ [A]: [{ ttl: 60, data: [10, 0, 0, 5] }], [AAAA]: [{ ttl: 30, data: loopback6 }] }],
      answer: { ttl: 30, addresses: ['10.0.0.5', '::1'] },
    },
    {
      name: 'is content with one family',
      server: [{ [A]: [{ ttl: 7, data: [10, 0, 0, 5] }] }],
      answer: { ttl: 7, addresses: ['10.0.0.5'] },
    },
    {
      name: 'tells a name without addresses',
      server: [{}],
      answer: { type: 'none', reason: 'no address in DNS' },
    },
    {
      name: 'from one that does not exist',
      server: [{}, 3],
      answer: { type: 'none', reason: 'no such name in DNS' },
    },
    {
      name: 'from a server that fails',
      server: [{}, 2],
      answer: { type: 'unanswered', reason: 'no answer from DNS (ESERVFAIL)' },
    },
  ] as const
  for (const { name, server, answer } of cases)
    it(name, async () => {
      const [records, rcode] = server as readonly [Records, number?]
      const dns = await dnsServer(records, rcode)
      try {
        assert.deepEqual(shown(await dns.lookUp('db.example.net')), answer)
      } finally {
        dns.close()
      }
    }).timeout(30_000)
})
