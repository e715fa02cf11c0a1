/** What the status warns of while it is heard, and no longer than that. */
import assert from 'node:assert/strict'
import { formatIp, type IpAddress } from '../../src/base/ip.js'
import type { RawPacket } from '../../src/base/ports.js'
import { vrid } from '../../src/base/units.js'
import type { VirtualRouterConfig } from '../../src/config/model.js'
import { encodeAdvertisement } from '../../src/vrrp/packet.js'
import { encodeVersion2 } from '../../src/vrrp/packet-version2.js'
import { vrrpGroup, wrapAdvertisement } from '../../src/vrrp/receive.js'
import { FakeNetwork } from './fake-network.js'
import { front, lb1, lb2, type Running, settingOf, start } from './pair.js'
import { ip, known, ms, prio } from './support.js'

const raw: VirtualRouterConfig = { ...front, transport: 'multicast' }
const old: VirtualRouterConfig = { ...raw, version: 2, advertisementInterval: ms(1000), password: 'secret' }
const ours = [ip('10.0.0.100')]
const others = ['10.0.0.101', '10.0.0.102', '10.0.0.103', '10.0.0.104'].map(ip)
const stranger = ip('10.0.0.66')

interface Heard {
  readonly from?: IpAddress
  readonly to?: IpAddress
  readonly interval?: number
  readonly addresses?: readonly IpAddress[]
  readonly priority?: number
  readonly version?: 2 | 3
  readonly password?: string
  readonly damaged?: boolean
  readonly ttl?: number
}

/** As the peer sends it unless said otherwise. */
function packet(heard: Heard): RawPacket {
  const { from = lb2.address, to = vrrpGroup, interval = 100, addresses = ours, priority = 200 } = heard
  const { version = 3, password, damaged = false, ttl = 255 } = heard
  const pdu = { vrid: known(vrid(51)), priority: prio(priority), interval: ms(interval), addresses }
  const payload = version === 2 ? encodeVersion2(pdu, password) : encodeAdvertisement(pdu)
  if (damaged) payload[6] = (payload[6] ?? 0) ^ 0xff
  return { source: from, destination: to, ttl, payload }
}

const warningsOf = ({ runtime }: Running): readonly string[] => runtime.status().warnings

/** lb1 alone on the LAN, Backup or Active as the test wants it. */
async function listening(config: VirtualRouterConfig = raw, settle = 0) {
  const network = new FakeNetwork()
  const running = start(network, 0, [config])
  await network.run(50 + settle)
  return { network, running }
}

describe('vrrp/warnings', () => {
  const cases: readonly (readonly [
    title: string,
    config: VirtualRouterConfig,
    heard: Heard,
    text: RegExp,
  ])[] = [
    [
      'another interval',
      raw,
      { interval: 200 },
      /^front: lb2 advertises every 200 ms, this director every 100 ms: give both directors the same file/,
    ],
    [
      'other addresses of the peer are a difference of the files',
      raw,
      { addresses: others },
      /^front: lb2 advertises other addresses \(10\.0\.0\.101, 10\.0\.0\.102, 10\.0\.0\.103 and 1 more\) than this director \(10\.0\.0\.100\): give both/,
    ],
    [
      'other addresses of a stranger are a clash of vrids',
      raw,
      { from: stranger, addresses: others.slice(0, 1) },
      /^front: 10\.0\.0\.66 is no director of this pair and advertises vrid 51 with other addresses \(10\.0\.0\.101\): stop it, or give one of the two another vrid$/,
    ],
    [
      'a third router of the same addresses',
      raw,
      { from: stranger },
      /^front: 10\.0\.0\.66 is no director of this pair and advertises vrid 51 with our own addresses: stop it/,
    ],
    [
      'another version of the peer',
      raw,
      { version: 2, interval: 1000 },
      /^front: lb2 speaks VRRP version 2, this router version 3, so that neither hears the other: set the same version/,
    ],
    [
      'another version of a stranger',
      raw,
      { from: stranger, version: 2, interval: 1000 },
      /^front: 10\.0\.0\.66 is no director of this pair and advertises vrid 51 in version 2: stop it/,
    ],
    [
      '8.3.2: a second owner',
      { ...raw, priority: { lb1: prio(255) } },
      { priority: 255 },
      /^front: lb2 advertises priority 255 as this director does, .*: give one of the two less$/,
    ],
    ['no password', old, { version: 2, interval: 1000 }, /^front: lb2 advertises with another password/],
    [
      'another password',
      old,
      { version: 2, interval: 1000, password: 'open' },
      /^front: lb2 advertises with another password .*: set the same password on both$/,
    ],
    [
      'another interval in version 2',
      old,
      { version: 2, interval: 2000, password: 'secret' },
      /^front: lb2 advertises at another interval than this director's 1000 ms and is not believed/,
    ],
    ['a wrong checksum', raw, { damaged: true }, /^front: advertisements from lb2 have a wrong checksum/],
    [
      'a TTL below 255',
      raw,
      { ttl: 64 },
      /^front: advertisements from lb2 come through a router or are forged/,
    ],
    ['our own address', raw, { from: lb1.address }, /^front: somebody else uses this director's own address/],
    [
      'multicast from the peer where unicast is expected',
      { ...raw, transport: 'unicast' },
      {},
      /^front: lb2 does not send its advertisements by unicast as this director does/,
    ],
    [
      'unicast from a stranger',
      { ...raw, transport: 'unicast' },
      { from: stranger, to: lb1.address },
      /^front: 10\.0\.0\.66 is no director of this pair and advertises vrid 51: stop it/,
    ],
  ]
  for (const [title, config, heard, text] of cases) {
    it(`${title}: in status and log at once, and gone when it is no longer heard`, async () => {
      const { network, running } = await listening(config)
      const reports = running.facts.length
      running.host.inject(packet(heard))
      const [warning = '', ...more] = warningsOf(running)
      assert.match(warning, text)
      assert.deepEqual(more, [])
      assert.deepEqual(
        running.host.lines.filter((line) => line.startsWith('warn ')),
        [`warn ${warning}`],
      )
      assert.equal(running.facts.slice(reports).filter(({ type }) => type === 'warning').length, 1)
      await network.run(2_000)
      running.host.inject(packet(heard))
      await network.run(4_000)
      assert.equal(warningsOf(running).length, 1, 'it was heard again meanwhile')
      await network.run(5_000)
      assert.deepEqual(warningsOf(running), [])
    })
  }

  it('warns again, and reports at once, when it comes back while the log is still quiet', async () => {
    const { network, running } = await listening()
    running.host.inject(packet({ interval: 200 }))
    await network.run(6_000)
    assert.deepEqual(warningsOf(running), [])
    const before = running.facts.filter(({ type }) => type === 'warning').length
    running.host.inject(packet({ interval: 200 }))
    assert.equal(warningsOf(running).length, 1)
    assert.equal(running.facts.filter(({ type }) => type === 'warning').length, before + 1)
  })

  it('a file that agrees again ends it at once, on either side', async () => {
    const { running } = await listening()
    running.host.inject(packet({ interval: 200, addresses: others }))
    assert.equal(warningsOf(running).length, 2)
    running.host.inject(packet({ interval: 200 }))
    assert.equal(warningsOf(running).length, 1)
    running.runtime.configure(settingOf(0, [{ ...raw, advertisementInterval: ms(200) }]))
    assert.deepEqual(warningsOf(running), [])
    running.host.inject(packet({ interval: 200 }))
    assert.deepEqual(warningsOf(running), [])
  })

  it('another interface, where nobody has an address of the file: who shares our addresses is the peer', async () => {
    const network = new FakeNetwork()
    for (const host of network.hosts)
      host.interfaces = [host.interface, { ...host.interface, name: 'eth1', index: 3 }]
    const running = start(network, 0, [{ ...raw, interface: 'eth1' }])
    await network.run(50)
    running.host.inject(packet({ from: ip('10.1.0.12') }))
    assert.deepEqual(warningsOf(running), [])
    running.host.inject(packet({ from: ip('10.1.0.12'), addresses: [...ours, ...others.slice(0, 1)] }))
    assert.match(warningsOf(running)[0] ?? '', /^front: 10\.1\.0\.12 advertises other addresses/)
    running.host.inject(packet({ from: ip('10.1.0.13'), addresses: others.slice(0, 1) }))
    assert.match(warningsOf(running)[1] ?? '', /^front: 10\.1\.0\.13 is no director of this pair/)
  })

  it('a stranger’s advertisement with none of our addresses does not take part in our election', async () => {
    const { network, running } = await listening(raw, 1_000)
    for (let i = 0; i < 10; i++) {
      running.host.inject(packet({ from: stranger, addresses: others, priority: 254 }))
      await network.run(100)
    }
    const [router] = running.runtime.status().routers
    assert.equal(router?.state, 'active')
    assert.deepEqual(router?.advertisements.discarded, { foreign: 10 })
  })

  it('other vrids on the LAN are nobody’s fault', async () => {
    const { running } = await listening()
    const foreign = encodeAdvertisement({
      vrid: known(vrid(77)),
      priority: prio(100),
      interval: ms(100),
      addresses: others,
    })
    running.host.inject({ source: stranger, destination: vrrpGroup, ttl: 255, payload: foreign })
    assert.deepEqual(warningsOf(running), [])
  })

  it('a vrid that only the peer’s file has, over the pair link', async () => {
    const { running } = await listening(front)
    const theirs = encodeAdvertisement({
      vrid: known(vrid(52)),
      priority: prio(100),
      interval: ms(100),
      addresses: others,
    })
    running.host.injectPair(wrapAdvertisement(theirs, 4))
    assert.match(
      warningsOf(running)[0] ?? '',
      /^lb2 advertises vrid 52, which no virtual router here has: give/,
    )
  })

  it('a rival that goes on beside this Active is named; one that gives way is not', async () => {
    const { network, running } = await listening(raw, 1_000)
    assert.equal(running.runtime.status().routers[0]?.state, 'active')
    running.host.inject(packet({ priority: 100 }))
    assert.deepEqual(warningsOf(running), [])
    await network.run(100)
    running.host.inject(packet({ priority: 100 }))
    assert.match(
      warningsOf(running)[0] ?? '',
      /^front: lb2 goes on advertising as Active \(priority 100\) although this director is .*\(priority 150\): it does not hear us; check firewall and cabling/,
    )
    await network.run(6_000)
    assert.deepEqual(warningsOf(running), [])
  })

  it('a flood of strangers is one warning and one line', async () => {
    const { running } = await listening()
    for (let i = 1; i < 250; i++)
      running.host.inject(packet({ from: ip(`10.0.0.${i === 11 || i === 12 ? 66 : i}`), addresses: others }))
    assert.equal(warningsOf(running).length, 1)
    assert.equal(running.host.lines.filter((line) => line.startsWith('warn ')).length, 1)
  })

  it('two directors with one file have nothing to warn of, also through a failover', async () => {
    for (const config of [front, raw]) {
      const network = new FakeNetwork()
      const first = start(network, 0, [config])
      const second = start(network, 1, [config])
      const seen = new Set<string>()
      const watch = async (span: number) => {
        for (let i = 0; i < span; i += 100) {
          await network.run(100)
          for (const one of [first, second]) for (const text of warningsOf(one)) seen.add(text)
        }
      }
      await watch(3_000)
      const handedOver = first.runtime.handOver(undefined, { force: true, stay: false })
      await watch(5_000)
      assert.ok((await handedOver).every(({ result }) => result.ok))
      first.host.setInterfaces([])
      await watch(1_000)
      first.host.setInterfaces([first.host.interface])
      await watch(3_000)
      assert.deepEqual([...seen], [], formatIp(config.addresses[0]?.address ?? ip('0.0.0.0')))
    }
  })
})

describe('vrrp/status', () => {
  it('since when follows the monotonic clock: a date that is set changes nothing', async () => {
    const { network, running } = await listening(raw, 1_000)
    const since = known(running.runtime.status().routers[0]).since
    assert.ok(since > 0 && since <= network.clock.now())
    const wall = network.clock.wall.bind(network.clock)
    network.clock.wall = () => wall() - 86_400_000
    running.host.setInterfaces([])
    await network.run(100)
    const later = known(running.runtime.status().routers[0])
    assert.equal(later.state, 'fault')
    assert.ok(later.since > since && later.since <= network.clock.now())
  })
})
