import assert from 'node:assert/strict'
import type { InterfaceState, RawPacket } from '../../src/base/ports.js'
import { SystemClock } from '../../src/platform/clock.js'
import { KernelLinks } from '../../src/platform/links.js'
import { KernelMacvlans } from '../../src/platform/macvlans.js'
import { openRawSocket } from '../../src/platform/raw-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { ip, prefix } from './addresses.js'
import { eventually } from './eventually.js'
import { createPair, type Namespace } from './namespace.js'

const mac = Uint8Array.of(0, 0, 0x5e, 0, 1, 51)

describe('macvlans', function () {
  this.timeout(30_000)
  let reactor: Reactor
  let pair: ReturnType<typeof createPair>
  let end: ReturnType<typeof openEnd>

  beforeEach(() => {
    reactor = Reactor.open()
    pair = createPair()
    end = openEnd(pair.left)
  })
  afterEach(() => {
    end.close()
    reactor.close()
    pair.close()
  })

  function openEnd(namespace: Namespace) {
    const clock = new SystemClock(reactor)
    const macvlans = namespace.enter(() => new KernelMacvlans(reactor, clock))
    const links = namespace.enter(() => new KernelLinks(reactor, clock))
    const find = async (name: string): Promise<InterfaceState | undefined> =>
      (await links.read()).interfaces.find((one) => one.name === name)
    const known = async (name: string): Promise<InterfaceState> => {
      const found = await find(name)
      assert.ok(found, name)
      return found
    }
    return {
      macvlans,
      links,
      find,
      known,
      async create(name: string, parent: string): Promise<string> {
        const { index: parentIndex } = await known(parent)
        return verdict((done) => macvlans.create({ name, parentIndex, mac }, done))
      },
      async up(name: string): Promise<InterfaceState> {
        const { index } = await known(name)
        assert.equal(await verdict((done) => macvlans.setUp(index, true, done)), 'OK')
        return known(name)
      },
      close: () => {
        macvlans.close()
        links.close()
      },
    }
  }

  const verdict = (submit: (done: (error: Error | undefined) => void) => void): Promise<string> =>
    new Promise((resolve) => submit((error) => resolve(error?.message ?? 'OK')))

  it('makes one that is down, names it, raises it and removes it', async () => {
    const parent = await end.known('left0')
    assert.equal(await end.create('vrrp.51', 'left0'), 'OK')
    const made = await end.known('vrrp.51')
    assert.deepEqual([made.mac, made.macvlan], [mac, { parentIndex: parent.index, adminUp: false }])
    assert.deepEqual([made.up, made.alias, parent.macvlan], [false, undefined, undefined])
    assert.equal(await verdict((done) => end.macvlans.setAlias('vrrp.51', 'ours', done)), 'OK')
    const up = await end.up('vrrp.51')
    assert.deepEqual([up.alias, up.macvlan?.adminUp], ['ours', true])
    assert.match(pair.left.ip('-d link show vrrp.51'), /macvlan mode bridge/)
    assert.equal(await verdict((done) => end.macvlans.setUp(up.index, false, done)), 'OK')
    assert.equal((await end.known('vrrp.51')).macvlan?.adminUp, false)
    for (const time of ['first', 'second'])
      assert.equal(await verdict((done) => end.macvlans.remove(up.index, done)), 'OK', time)
    assert.equal(await end.find('vrrp.51'), undefined)
  })

  it('says what the kernel refuses', async () => {
    assert.equal(await end.create('vrrp.51', 'left0'), 'OK')
    assert.equal(await end.create('vrrp.51', 'left0'), 'create vrrp.51: EEXIST')
    assert.equal(await verdict((done) => end.macvlans.setAlias('none', 'x', done)), 'name none: ENODEV')
  })

  it("has its address's network as a last resort", async () => {
    await end.create('vrrp.51', 'left0')
    const { index } = await end.up('vrrp.51')
    const address = { ...prefix('10.9.0.100/24'), metric: 5000 }
    assert.equal(await verdict((done) => end.links.claim(index, address, undefined, done)), 'OK')
    assert.match(pair.left.ip('route show 10.9.0.0/24 dev vrrp.51'), /metric 5000/)
    assert.match(pair.left.ip('route get 10.9.0.2'), /dev left0/)
  })

  it('lets its parent hear another machine with the same MAC address', async () => {
    const other = openEnd(pair.right)
    for (const [each, parent] of [
      [end, 'left0'],
      [other, 'right0'],
    ] as const) {
      await each.create('vrrp.51', parent)
      await each.up('vrrp.51')
    }
    const heard: RawPacket[] = []
    const common = {
      protocol: 112,
      onPacket: (packet: RawPacket) => heard.push(packet),
      onMalformed: () => assert.fail('malformed'),
      onError: (error: Error) => assert.fail(error),
    }
    const group = ip('224.0.0.18')
    const ears = pair.left.enter(() =>
      openRawSocket(reactor, { ...common, interfaceName: 'left0', group, source: ip('10.9.0.1') }),
    )
    const mouth = pair.right.enter(() =>
      openRawSocket(reactor, {
        ...common,
        interfaceName: 'vrrp.51',
        source: ip('10.9.0.2'),
        sendOnly: true,
      }),
    )
    mouth.send(Uint8Array.of(1, 2, 3), group)
    await eventually('the parent hears it', () => heard.length > 0)
    assert.deepEqual([heard.length, heard[0]?.source], [1, ip('10.9.0.2')])
    for (const socket of [ears, mouth]) socket.close()
    other.close()
  })
})
