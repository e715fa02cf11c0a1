/** One test per MUST of RFC 9568 that is claimed in docs/rfc9568.md; its title starts with the section. */
import assert from 'node:assert/strict'
import { fromHex } from '../../src/base/bytes.js'
import { compareIp, type IpAddress } from '../../src/base/ip.js'
import type { RawPacket } from '../../src/base/ports.js'
import { vrid } from '../../src/base/units.js'
import { decodeGratuitousArp, encodeGratuitousArp } from '../../src/vrrp/gratuitous-arp.js'
import {
  decodeNeighbourAdvertisement,
  encodeNeighbourAdvertisement,
} from '../../src/vrrp/neighbour-advertisement.js'
import { decodeAdvertisement, encodeAdvertisement } from '../../src/vrrp/packet.js'
import { encodeVersion2 } from '../../src/vrrp/packet-version2.js'
import { type Expected, notesOn, receivePacket, vrrpGroup, vrrpGroup6 } from '../../src/vrrp/receive.js'
import { activeDownInterval, skewTime } from '../../src/vrrp/timers.js'
import { frrProtocols } from '../vectors/frr-protocols.js'
import { keepalivedProtocols } from '../vectors/keepalived-protocols.js'
import { keepalived } from '../vectors/keepalived-vrrp3.js'
import {
  aBackup,
  activeDown,
  advert,
  anActive,
  deadline,
  deadlineRead,
  ip,
  known,
  Machine,
  ms,
  params,
  prefix,
  prio,
  skew,
  startup,
} from './support.js'

const own = ip('10.0.0.11')
const peer = ip('10.0.0.12')
const expected: Expected = {
  own,
  peer: undefined,
  version: 3,
  password: undefined,
  interval: ms(100),
}
const addresses = [ip('10.0.0.100'), ip('10.0.0.101')]
const advertisement = { vrid: known(vrid(51)), priority: prio(100), interval: ms(100), addresses }
const pseudo = { source: peer, destination: vrrpGroup }
const packet = (more: Partial<RawPacket> = {}): RawPacket => ({
  payload: encodeAdvertisement(advertisement, pseudo),
  source: peer,
  destination: vrrpGroup,
  ttl: 255,
  ...more,
})
const received = (more: Partial<RawPacket> = {}): string => {
  const result = receivePacket(packet(more), expected)
  return result.ok ? 'accepted' : result.error
}
/** A valid packet with one byte overwritten and the checksum, which covers the message alone, made right. */
const changed = (at: number, value: number): Partial<RawPacket> => {
  const payload = encodeAdvertisement(advertisement)
  const before = ((payload[at & ~1] ?? 0) << 8) | (payload[at | 1] ?? 0)
  payload[at] = value
  const after = ((payload[at & ~1] ?? 0) << 8) | (payload[at | 1] ?? 0)
  // RFC 1624: HC' = ~(~HC + ~m + m').
  let sum = (~(((payload[6] ?? 0) << 8) | (payload[7] ?? 0)) & 0xffff) + (~before & 0xffff) + after
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  payload[6] = (~sum >> 8) & 0xff
  payload[7] = ~sum & 0xff
  return { payload }
}

/** A captured Ethernet and IP frame as the raw socket hands it over. */
function captured(hex: string): RawPacket {
  const frame = known(fromHex(hex))
  if (frame[12] === 0x86) {
    const address6 = (at: number): IpAddress => ({ family: 6, bytes: frame.slice(at, at + 16) })
    return {
      payload: frame.slice(54),
      source: address6(22),
      destination: address6(38),
      ttl: known(frame[21]),
    }
  }
  const address = (at: number): IpAddress => ({ family: 4, bytes: frame.slice(at, at + 4) })
  return { payload: frame.slice(34), source: address(26), destination: address(30), ttl: known(frame[22]) }
}

describe('rfc9568', () => {
  it('5.1.1.2 sends to 224.0.0.18 and listens to nothing else', () => {
    assert.deepEqual(vrrpGroup, ip('224.0.0.18'))
    assert.equal(received({ destination: own }), 'destination')
  })

  it('5.1.1.3 discards a packet whose TTL is not 255', () => {
    assert.equal(received(), 'accepted')
    for (const ttl of [0, 1, 64, 254]) assert.equal(received({ ttl }), 'ttl')
  })

  it('5.2.1 and 7.1 verify the version', () => {
    for (const version of [0, 1, 2, 4, 15]) assert.equal(received(changed(0, (version << 4) | 1)), 'version')
  })

  it('5.2.2 and 7.1 discard a packet with an unknown type', () => {
    for (const type of [0, 2, 15]) assert.equal(received(changed(0, 0x30 | type)), 'type')
  })

  it('5.2.4 priority 0 is sent only to resign, the address owner is 255', () => {
    assert.equal(anActive().at(400, { type: 'shutdown' }).did, 'send 0, release, active -> initialize')
    assert.equal(
      new Machine({ ...params, priority: prio(255) }).at(0, startup).did,
      'send 255, claim, announce, initialize -> active',
    )
  })

  it('5.2.5 ignores an advertisement without addresses', () => {
    assert.equal(received(changed(3, 0)), 'no_addresses')
  })

  it('5.2.6 sends the reserved bits as zero and ignores them on receipt', () => {
    assert.equal(known(encodeAdvertisement(advertisement)[4]) >> 4, 0)
    const result = receivePacket(packet(changed(4, 0xf0)), expected)
    assert.ok(result.ok)
    assert.equal(result.value.advertisement.interval, 100)
  })

  it('5.2.7 the interval is in centiseconds, up to 40.95 s', () => {
    const longest = encodeAdvertisement({ ...advertisement, interval: ms(40_950) })
    assert.deepEqual([longest[4], longest[5]], [0x0f, 0xff])
  })

  it('5.2.8 and 7.1 verify the checksum, over the message alone or with the pseudo-header', () => {
    assert.equal(received({ payload: encodeAdvertisement(advertisement) }), 'accepted')
    assert.equal(received({ payload: encodeAdvertisement(advertisement, pseudo) }), 'accepted')
    const foreign = encodeAdvertisement(advertisement, { source: own, destination: vrrpGroup })
    assert.equal(received({ payload: foreign }), 'checksum')
  })

  it('5.2.9 carries the addresses in order', () => {
    const decoded = decodeAdvertisement(encodeAdvertisement(advertisement), 4)
    assert.ok(decoded.ok)
    assert.deepEqual(decoded.value.addresses, addresses)
  })

  it('6.1 Skew_Time and Active_Down_Interval', () => {
    assert.equal(skewTime(prio(255), ms(1000)), 1000 / 256)
    assert.equal(skewTime(prio(1), ms(1000)), 255_000 / 256)
    assert.equal(activeDownInterval(prio(100), ms(100)), 300 + (156 * 100) / 256)
  })

  it('6.1 in a pair the one Backup leaves room for a late advertisement only, and the higher priority is first', () => {
    const skew = (priority: number) => skewTime(prio(priority), ms(100), 'pair')
    assert.equal(Math.round(skew(100) * 10) / 10, 27.7)
    for (let priority = 2; priority <= 255; priority++) assert.ok(skew(priority) < skew(priority - 1))
    assert.ok(skew(255) > 12.5 && skew(1) < 37.5)
    const backup = new Machine({ ...params, skew: 'pair' }).at(0, startup)
    assert.equal(backup.backup().activeDownAt, 300 + skew(params.priority))
  })

  it('6.4.1 on Startup the address owner advertises, announces and is Active', () => {
    const machine = new Machine({ ...params, priority: prio(255) }).at(0, startup)
    assert.equal(machine.did, 'send 255, claim, announce, initialize -> active')
    assert.equal(machine.active().adverAt, 100)
  })

  it('6.4.1 on Startup anybody else is Backup with Active_Down_Timer set from its own interval', () => {
    const machine = new Machine(params).at(0, startup)
    assert.equal(machine.backup().activeAdverInterval, 100)
    assert.equal(machine.backup().activeDownAt, activeDown)
  })

  it('6.4.2 a Backup holds no address, so it neither answers ARP for it nor accepts its packets', () => {
    assert.equal(new Machine(params).at(0, startup).did, 'release, initialize -> backup')
    assert.equal(anActive().at(400, advert(150)).did, 'send 100, release, active -> backup')
  })

  it('6.4.2 on Shutdown to Initialize, the timer cancelled', () => {
    const machine = aBackup().at(10, { type: 'shutdown' })
    assert.equal(machine.state.name, 'initialize')
    assert.equal(machine.at(activeDown, deadline).did, '')
  })

  it('6.4.2 when Active_Down_Timer fires: advertise, announce, set Adver_Timer, become Active', () => {
    const machine = aBackup().at(activeDown, deadline)
    assert.equal(machine.did, 'read input')
    machine.at(activeDown, deadlineRead)
    assert.equal(machine.did, 'send 100, claim, announce, backup -> active')
    assert.equal(machine.active().adverAt, activeDown + 100)
  })

  it('6.4.2 priority 0 sets Active_Down_Timer to Skew_Time', () => {
    assert.equal(aBackup().at(50, advert(0)).backup().activeDownAt, 50 + skew)
  })

  it('6.4.2 priority >= ours: learn the interval, recompute, reset', () => {
    for (const priority of [100, 150]) {
      const backup = aBackup()
        .at(50, advert(priority, { interval: 200 }))
        .backup()
      assert.equal(backup.activeAdverInterval, 200)
      assert.equal(backup.activeDownAt, 50 + activeDownInterval(prio(100), ms(200)))
    }
  })

  it('6.4.2 Preempt_Mode False: a lower priority resets the timer as well', () => {
    const backup = aBackup({ preempt: 'never' })
      .at(50, advert(50, { interval: 200 }))
      .backup()
    assert.equal(backup.activeDownAt, 50 + activeDownInterval(prio(100), ms(200)))
  })

  it('6.4.2 Preempt_Mode True: a lower priority is discarded, the timer runs on', () => {
    const backup = aBackup({ preempt: 'always' })
      .at(50, advert(50, { interval: 200 }))
      .backup()
    assert.equal(backup.activeDownAt, activeDown)
    assert.equal(backup.activeAdverInterval, 100)
  })

  it('6.4.3 on Shutdown: advertise priority 0, then Initialize', () => {
    const machine = anActive().at(400, { type: 'shutdown' })
    assert.equal(machine.did, 'send 0, release, active -> initialize')
    assert.equal(machine.at(activeDown + 100, deadline).did, '')
  })

  it('6.4.3 when Adver_Timer fires: advertise, reset it', () => {
    const garp = { ...params.garp, count: 1 }
    const machine = anActive({ garp }).at(activeDown + 100, deadline)
    assert.equal(machine.did, 'send 100')
    assert.equal(machine.active().adverAt, activeDown + 200)
  })

  it('6.4.3 priority 0: advertise, reset Adver_Timer', () => {
    const machine = anActive().at(400, advert(0))
    assert.equal(machine.did, 'send 100')
    assert.equal(machine.active().adverAt, 500)
  })

  it('6.4.3 a higher priority: to Backup with the interval of the advertisement', () => {
    const machine = anActive().at(400, advert(150, { interval: 200 }))
    assert.equal(machine.backup().activeAdverInterval, 200)
    assert.equal(machine.backup().activeDownAt, 400 + activeDownInterval(prio(100), ms(200)))
  })

  it('6.4.3 equal priorities: the higher address stays, compared as unsigned in network order', () => {
    assert.equal(anActive().at(400, advert(100, { source: '10.0.0.12' })).state.name, 'backup')
    assert.equal(anActive().at(400, advert(100, { source: '10.0.0.10' })).state.name, 'active')
    assert.equal(anActive().at(400, advert(100, { source: '200.0.0.1' })).state.name, 'backup')
    assert.equal(anActive().at(400, advert(100, { source: '9.255.255.255' })).state.name, 'active')
    assert.ok(compareIp(ip('128.0.0.1'), ip('127.255.255.255')) > 0)
  })

  it('6.4.3 a lower priority: discard it, and advertise immediately', () => {
    const machine = anActive().at(420, advert(50))
    assert.equal(machine.did, 'send 100, announce')
    assert.equal(machine.active().adverAt, activeDown + 100)
  })

  it('7.1 discards an incomplete packet', () => {
    const { payload } = packet()
    for (let length = 0; length < payload.length; length++)
      assert.equal(received({ payload: payload.subarray(0, length) }), 'truncated')
  })

  it('7.1 discards a Max Advertise Interval of zero', () => {
    assert.equal(received(changed(5, 0)), 'interval_zero')
  })

  it('7.1 notes another interval and another address list, and believes the rest', () => {
    assert.deepEqual(notesOn(advertisement, { interval: ms(100), addresses }), [])
    assert.deepEqual(notesOn(advertisement, { interval: ms(200), addresses }), ['interval_mismatch'])
    for (const other of [[ip('10.0.0.100')], [ip('10.0.0.100'), ip('10.0.0.102')]])
      assert.deepEqual(notesOn(advertisement, { interval: ms(100), addresses: other }), [
        'address_list_mismatch',
      ])
  })

  it('7.2 computes the checksum that deployed peers verify: keepalived sends the same bytes', () => {
    const theirs = captured(keepalived.advertisement)
    assert.deepEqual(encodeAdvertisement(advertisement, theirs), theirs.payload)
    const resignation = captured(keepalived.resignation)
    assert.deepEqual(
      encodeAdvertisement({ ...advertisement, priority: prio(0) }, resignation),
      resignation.payload,
    )
  })

  it('7.1 accepts what keepalived sends', () => {
    const result = receivePacket(captured(keepalived.advertisement), expected)
    assert.deepEqual(result, { ok: true, value: { advertisement, source: peer } })
    const resignation = receivePacket(captured(keepalived.resignation), expected)
    assert.ok(resignation.ok)
    assert.equal(resignation.value.advertisement.priority, 0)
  })

  it('8.1.2 announces by a broadcast gratuitous ARP', () => {
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 7)
    const { address } = prefix('10.0.0.100/24')
    assert.deepEqual(decodeGratuitousArp(encodeGratuitousArp(mac, address)), {
      ok: true,
      value: { mac, address },
    })
    const theirs = decodeGratuitousArp(known(fromHex(keepalived.gratuitousArp)))
    assert.ok(theirs.ok)
    assert.deepEqual(theirs.value.address, address)
  })

  /* IPv6. */

  const own6 = ip('fe80::f89d:c5ff:fe2c:4e7d')
  const peer6 = ip('fe80::7c17:23ff:fe85:38a')
  const addresses6 = [ip('fe80::100'), ip('2001:db8::100')]
  const advertisement6 = {
    vrid: known(vrid(51)),
    priority: prio(50),
    interval: ms(1000),
    addresses: addresses6,
  }
  const pseudo6 = { source: peer6, destination: vrrpGroup6 }
  const expected6: Expected = { ...expected, own: own6 }
  const received6 = (more: Partial<RawPacket> = {}): string => {
    const payload = encodeAdvertisement(advertisement6, pseudo6)
    const result = receivePacket({ payload, ...pseudo6, ttl: 255, ...more }, expected6)
    return result.ok ? 'accepted' : result.error
  }

  it('5.1.2.2 sends IPv6 to ff02::12 and listens to nothing else', () => {
    assert.deepEqual(vrrpGroup6, ip('ff02::12'))
    assert.equal(received6(), 'accepted')
    assert.equal(received6({ destination: own6 }), 'destination')
  })

  it('5.1.2.3 discards an IPv6 packet whose hop limit is not 255', () => {
    for (const ttl of [0, 1, 64, 254]) assert.equal(received6({ ttl }), 'ttl')
  })

  it('5.2.8 the checksum of IPv6 covers the pseudo-header, always', () => {
    assert.equal(received6({ payload: encodeAdvertisement(advertisement6) }), 'checksum')
    assert.equal(received6({ source: ip('fe80::1') }), 'checksum')
  })

  it('5.2.9 an IPv6 message whose addresses are cut off is incomplete', () => {
    const payload = encodeAdvertisement(advertisement6, pseudo6)
    for (let length = 0; length < payload.length; length++)
      assert.equal(received6({ payload: payload.subarray(0, length) }), 'truncated')
  })

  it('7.2 and 7.1 IPv6: keepalived sends the same bytes, which are accepted', () => {
    const theirs = captured(keepalivedProtocols.version3Ipv6)
    assert.deepEqual(encodeAdvertisement(advertisement6, theirs), theirs.payload)
    assert.deepEqual(receivePacket(theirs, expected6), {
      ok: true,
      value: { advertisement: advertisement6, source: peer6 },
    })
  })

  it('7.2 and 7.1: FRR sends the same bytes, which are accepted', () => {
    const of = (text: string) => ({ ...advertisement6, addresses: [ip(text)] })
    const four = captured(frrProtocols.version3)
    assert.deepEqual(encodeAdvertisement(of('10.9.0.100'), four), four.payload)
    assert.ok(receivePacket(four, expected).ok)
    const six = captured(frrProtocols.ipv6)
    assert.deepEqual(encodeAdvertisement(of('2001:db8::100'), six), six.payload)
    assert.ok(receivePacket(six, expected6).ok)
  })

  it('8.2.2 announces by an unsolicited neighbour advertisement, router and override set', () => {
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 7)
    const frame = encodeNeighbourAdvertisement(mac, ip('2001:db8::100'))
    assert.equal(known(frame[58]) & 0xe0, 0xa0)
    assert.deepEqual(decodeNeighbourAdvertisement(frame), {
      ok: true,
      value: { mac, address: ip('2001:db8::100') },
    })
  })

  it('unicast: from the peer to our own address only; keepalived is understood', () => {
    const theirs = captured(keepalivedProtocols.version3Unicast)
    const unicast: Expected = { ...expected, own: ip('10.9.0.1'), peer: ip('10.9.0.2') }
    const outcome = (packet: RawPacket, wish = unicast): string => {
      const result = receivePacket(packet, wish)
      return result.ok ? 'accepted' : result.error
    }
    assert.equal(outcome(theirs), 'accepted')
    assert.equal(outcome({ ...theirs, ttl: 254 }), 'ttl')
    assert.equal(outcome({ ...theirs, destination: vrrpGroup }), 'destination')
    assert.equal(outcome(theirs, { ...unicast, peer: ip('10.9.0.3') }), 'unknown_sender')
  })
})

/** Version 2, which some peers still speak. */
describe('rfc3768', () => {
  it('6.1 Skew_Time is in parts of a second, and Master_Down_Interval three intervals more', () => {
    for (const interval of [1_000, 5_000]) {
      assert.equal(skewTime(prio(100), ms(interval), 2), (156 * 1_000) / 256)
      assert.equal(activeDownInterval(prio(100), ms(interval), 2), 3 * interval + (156 * 1_000) / 256)
    }
    const slow = { ...params, skew: 2, advertisementInterval: ms(5_000) } as const
    const backup = new Machine(slow).at(0, startup)
    assert.equal(backup.backup().activeDownAt, activeDownInterval(slow.priority, ms(5_000), 2))
    backup.at(10, advert(150, { interval: 5_000 }))
    assert.equal(backup.backup().activeDownAt, 10 + activeDownInterval(slow.priority, ms(5_000), 2))
    backup.at(20, advert(0, { interval: 5_000 }))
    assert.equal(backup.backup().activeDownAt, 20 + skewTime(slow.priority, ms(5_000), 2))
  })

  const theirs = captured(keepalivedProtocols.version2Password)
  const version2: Expected = {
    own: ip('10.9.0.1'),
    peer: undefined,
    version: 2,
    password: 'secret',
    interval: ms(1000),
  }
  const theirAdvertisement = {
    vrid: known(vrid(52)),
    priority: prio(50),
    interval: ms(1000),
    addresses: [ip('10.9.0.102')],
  }
  const outcome = (payload: Uint8Array, wish: Partial<Expected> = {}): string => {
    const result = receivePacket({ ...theirs, payload }, { ...version2, ...wish })
    return result.ok ? 'accepted' : result.error
  }

  it('5.3 keepalived sends the same bytes, which are accepted', () => {
    assert.deepEqual(encodeVersion2(theirAdvertisement, 'secret'), theirs.payload)
    assert.deepEqual(receivePacket(theirs, version2), {
      ok: true,
      value: { advertisement: theirAdvertisement, source: ip('10.9.0.2') },
    })
  })

  it('5.3 FRR sends the same bytes, which are accepted', () => {
    const frr = captured(frrProtocols.version2)
    assert.deepEqual(encodeVersion2(theirAdvertisement, undefined), frr.payload)
    assert.ok(receivePacket(frr, { ...version2, password: undefined }).ok)
  })

  it('5.3.7 the interval is in seconds, up to 255', () => {
    assert.equal(encodeVersion2({ ...theirAdvertisement, interval: ms(255_000) }, undefined)[5], 255)
  })

  it('5.3.10 without authentication its data is zero when sent and ignored on receipt', () => {
    const plain = encodeVersion2(theirAdvertisement, undefined)
    assert.deepEqual(plain.slice(-8), new Uint8Array(8))
    assert.equal(outcome(plain, { password: undefined }), 'accepted')
    // The data of a password, with the method taken away and the checksum made right again.
    const payload = theirs.payload.slice()
    payload[4] = 0
    const sum = (known(payload[6]) << 8) + known(payload[7]) + 0x100
    payload[6] = sum >> 8
    payload[7] = sum & 0xff
    assert.equal(outcome(payload, { password: undefined }), 'accepted')
  })

  it('7.1 verifies version, completeness, checksum, vrid', () => {
    assert.equal(outcome(encodeAdvertisement(theirAdvertisement)), 'version')
    assert.equal(outcome(theirs.payload, { version: 3 }), 'version')
    for (let length = 0; length < theirs.payload.length; length++)
      assert.equal(outcome(theirs.payload.subarray(0, length)), 'truncated')
    const damaged = theirs.payload.slice()
    damaged[2] = 51
    assert.equal(outcome(damaged), 'checksum')
    // Its own checksum field follows from the sum, which one from vrid to priority leaves as it is.
    const noVrid = encodeVersion2(
      { ...theirAdvertisement, vrid: 0 as typeof theirAdvertisement.vrid },
      'secret',
    )
    assert.equal(outcome(noVrid), 'vrid_zero')
  })

  it('7.1 verifies the authentication method and performs it', () => {
    assert.equal(outcome(theirs.payload, { password: undefined }), 'auth_type')
    assert.equal(outcome(theirs.payload, { password: 'other' }), 'auth_data')
    assert.equal(outcome(encodeVersion2(theirAdvertisement, undefined)), 'auth_type')
  })

  it('7.1 discards an advertisement with another interval than ours', () => {
    assert.equal(outcome(theirs.payload, { interval: ms(2000) }), 'interval_mismatch')
  })
})
