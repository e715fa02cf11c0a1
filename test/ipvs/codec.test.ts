import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/base/bytes.js'
import { parseEndpoint } from '../../src/base/ip.js'
import { IPVS_CMD } from '../../src/ipvs/constants.js'
import type { Decoded } from '../../src/ipvs/messages.js'
import {
  decodeMessage,
  encodeCommand,
  encodeOperation,
  encodeServiceCommand,
} from '../../src/ipvs/messages.js'
import type { Daemon, Destination, Service, ServiceKey } from '../../src/ipvs/model.js'
import { destination, entry, port } from './arbitraries.js'
import { replies, requests } from './vectors.js'

function endpoint(text: string) {
  const parsed = parseEndpoint(text)
  assert.ok(parsed, text)
  return parsed
}

const key: ServiceKey = { kind: 'endpoint', protocol: 6, ...endpoint('10.0.0.100:80') }
const key6: ServiceKey = { kind: 'endpoint', protocol: 17, ...endpoint('[2001:db8::100]:53') }
const plain = { flags: 0, persistenceSeconds: 0, netmask: 0xffffffff, engine: undefined }
const web: Service = { key, scheduler: 'wlc', ...plain }
const sip: Service = {
  key: key6,
  scheduler: 'sh',
  flags: 1,
  persistenceSeconds: 300,
  netmask: 64,
  engine: 'sip',
}
const marked: Service = { key: { kind: 'fwmark', family: 4, mark: 7 }, scheduler: 'wrr', ...plain }
const thresholds = { upperThreshold: 0, lowerThreshold: 0 }
const direct: Destination = {
  endpoint: endpoint('10.0.0.21:80'),
  forwarding: 3,
  weight: 100,
  ...thresholds,
  tunnel: { type: 0, port: port(0), flags: 0 },
}
const tunnelled: Destination = {
  endpoint: endpoint('10.0.0.22:80'),
  forwarding: 2,
  weight: 7,
  ...thresholds,
  tunnel: { type: 1, port: port(6080), flags: 1 },
}
const master: Daemon = { role: 'master', interface: 'lo', syncId: 1, maxLength: undefined }

function decodeHex(hex: string): Decoded {
  const bytes = fromHex(hex)
  assert.ok(bytes)
  const decoded = decodeMessage(bytes)
  assert.ok(decoded.ok, JSON.stringify(decoded))
  return decoded.value
}

/** Without what is only observed. */
function asked<T extends object>(value: T | undefined, like: object): object {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => name in like))
}

describe('ipvs codec', () => {
  const encoded: readonly (readonly [string, Uint8Array, string])[] = [
    ['a new service', encodeOperation({ kind: 'newService', service: web }), requests.newService],
    [
      'persistence, IPv6',
      encodeOperation({ kind: 'newService', service: sip }),
      requests.newServicePersistent,
    ],
    ['a firewall mark', encodeOperation({ kind: 'newService', service: marked }), requests.newServiceFwmark],
    ['a new daemon', encodeOperation({ kind: 'newDaemon', daemon: master }), requests.newDaemon],
    ['a dump of services', encodeCommand(IPVS_CMD.GET_SERVICE), requests.dumpServices],
    ['a dump of daemons', encodeCommand(IPVS_CMD.GET_DAEMON), requests.dumpDaemons],
    ['a dump of destinations', encodeServiceCommand(IPVS_CMD.GET_DEST, key), requests.dumpDestinations],
    ['the timeouts', encodeCommand(IPVS_CMD.GET_CONFIG), requests.getConfig],
  ]
  for (const [what, payload, hex] of encoded) {
    it(`asks for ${what} with the bytes of ipvsadm`, () => assert.equal(toHex(payload), hex))
  }

  it('writes a tunnelled destination as ipvsadm does, but names the service by its key alone', () => {
    const hex = toHex(encodeOperation({ kind: 'newDest', key, destination: tunnelled }))
    const nestOfKey = requests.dumpDestinations.slice(8)
    const nestOfDestination = requests.newDestTunnel.slice(requests.newDestTunnel.indexOf('60000280'))
    assert.equal(hex, `05010000${nestOfKey}${nestOfDestination}`)
  })

  for (const [name, service] of [
    ['service', { ...web, flags: 2 }],
    ['servicePersistent', { ...sip, flags: 3 }],
    ['serviceFwmark', { ...marked, flags: 2 }],
  ] as const) {
    it(`reads the kernel's ${name}`, () => {
      const decoded = decodeHex(replies[name])
      assert.equal(decoded.command, IPVS_CMD.NEW_SERVICE)
      assert.deepEqual(asked(decoded.service, service), service)
      assert.equal(decoded.service?.traffic.connections, 0)
    })
  }

  for (const [name, expected] of [
    ['destination', direct],
    ['destinationTunnel', tunnelled],
  ] as const) {
    it(`reads the kernel's ${name}`, () => {
      const decoded = decodeHex(replies[name]).destination
      assert.deepEqual(asked(decoded, expected), expected)
      assert.equal(decoded?.activeConnections, 0)
    })
  }

  it('reads the kernel’s daemon and timeouts', () => {
    assert.deepEqual(decodeHex(replies.daemon).daemon, { ...master, maxLength: 1472 })
    assert.deepEqual(decodeHex(replies.config).timeouts, { tcp: 900, tcpFin: 120, udp: 300 })
  })

  it('counts beyond 32 bits by STATS64, and by STATS where that is missing', () => {
    const counted = replies.destination.replace('0c0001000000000000000000', '0c0001000500000001000000')
    assert.equal(decodeHex(counted).destination?.traffic.connections, 0x1_0000_0005)
    // Type 0x3f in place of 0x0c: a kernel without STATS64, and an attribute that nobody knows.
    const old = replies.destination
      .replace('a0000c00', 'a0003f00')
      .replace('0800010000000000', '0800010007000000')
    assert.equal(decodeHex(old).destination?.traffic.connections, 7)
  })

  it('reads back every service and destination it writes', () => {
    fc.assert(
      fc.property(entry, fc.constantFrom(4 as const, 6 as const).chain(destination), (one, server) => {
        const { service } = one
        const again = decodeMessage(encodeOperation({ kind: 'newService', service }))
        assert.ok(again.ok)
        assert.deepEqual(asked(again.value.service, service), service)
        const other = decodeMessage(
          encodeOperation({ kind: 'setDest', key: service.key, destination: server }),
        )
        assert.ok(other.ok)
        const tunnel = server.forwarding === 2 ? server.tunnel : { type: 0, port: 0, flags: 0 }
        assert.deepEqual(asked(other.value.destination, server), { ...server, tunnel })
      }),
    )
  })

  it('answers a reason for every cut of a real message, and reads none past its end', () => {
    const whole = fromHex(replies.destination) ?? new Uint8Array()
    for (let length = 0; length < whole.length; length++) {
      const room = new Uint8Array(length + 64).fill(0xff)
      room.set(whole.subarray(0, length))
      const decoded = decodeMessage(room.subarray(0, length))
      // The header alone is a whole message without attributes.
      assert.equal(decoded.ok, length === 4, `cut at ${length}`)
    }
  })

  it('never throws on random bytes, nor on a real message with some of them changed', () => {
    const message = fc.constantFrom(...Object.values(replies)).map((hex) => fromHex(hex) ?? new Uint8Array())
    const changed = fc
      .tuple(message, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }))
      .map(([bytes, changes]) => {
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), changed), (bytes) => {
        assert.equal(typeof decodeMessage(bytes).ok, 'boolean')
      }),
      { numRuns: 2000 },
    )
  })
})
