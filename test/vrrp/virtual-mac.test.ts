import assert from 'node:assert/strict'
import type { InterfaceState, MacvlanSpec } from '../../src/base/ports.js'
import { vrid } from '../../src/base/units.js'
import { virtualInterfaceName, virtualMac } from '../../src/vrrp/virtual-mac/identity.js'
import { VirtualMacs } from '../../src/vrrp/virtual-mac/keeper.js'
import { formatMark, markOf } from '../../src/vrrp/virtual-mac/mark.js'
import { planInterface } from '../../src/vrrp/virtual-mac/plan.js'
import { front } from './pair.js'
import { known, prefix } from './support.js'

const eth0: InterfaceState = {
  name: 'eth0',
  index: 2,
  up: true,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  mtu: 1500,
}
const six = { ...front, name: 'six', addresses: [prefix('fe80::100/64')] }
const had = { arpIgnore: 0, arpAnnounce: 1 }
const mark = formatMark({ router: 'front', parent: 'eth0', had })
const own: InterfaceState = {
  ...eth0,
  name: 'vrrp.51',
  index: 7,
  up: false,
  mac: virtualMac(front),
  macvlan: { parentIndex: 2, adminUp: false },
  alias: mark,
}

/** A kernel of interfaces and settings. */
function machine(interfaces: InterfaceState[] = [eth0]) {
  const settings = new Map<string, string>()
  for (const name of ['all', 'eth0'])
    for (const key of ['arp_ignore', 'arp_announce', 'rp_filter'])
      settings.set(`net.ipv4.conf.${name}.${key}`, '0')
  const state = {
    interfaces,
    settings,
    refuses: undefined as Error | undefined,
    warnings: [] as string[],
    reads: 0,
  }
  const change = (name: string, how: (one: InterfaceState) => InterfaceState): void => {
    state.interfaces = state.interfaces.map((one) => (one.name === name ? how(one) : one))
  }
  const nameOf = (index: number): string => state.interfaces.find((one) => one.index === index)?.name ?? ''
  const macvlans = {
    create: ({ name, parentIndex, mac }: MacvlanSpec, done: (error: Error | undefined) => void) => {
      if (!state.refuses) {
        const index = 10 + state.interfaces.length
        state.interfaces = [
          ...state.interfaces,
          { name, index, mac, mtu: 1500, up: false, macvlan: { parentIndex, adminUp: false } },
        ]
      }
      done(state.refuses)
    },
    setAlias: (name: string, alias: string, done: (error: Error | undefined) => void) => {
      change(name, (one) => ({ ...one, alias }))
      done(state.refuses)
    },
    setUp: (index: number, up: boolean, done: (error: Error | undefined) => void) => {
      change(nameOf(index), (one) => ({ ...one, up }))
      done(undefined)
    },
    remove: (index: number, done: (error: Error | undefined) => void) => {
      state.interfaces = state.interfaces.filter((one) => one.index !== index)
      done(undefined)
    },
    close: () => {},
  }
  const sysctl = {
    read: (name: string) => settings.get(name),
    list: () => [],
    write: (name: string, value: string) => {
      settings.set(name, value)
    },
  }
  const keeper = new VirtualMacs(
    { macvlans, sysctl },
    (text) => state.warnings.push(text),
    () => {
      state.reads++
    },
  )
  const arp = (): string =>
    ['arp_ignore', 'arp_announce'].map((key) => settings.get(`net.ipv4.conf.eth0.${key}`)).join(' ')
  return { state, settings, keeper, arp }
}

describe('vrrp/virtual MAC', () => {
  it('7.3: the address has the vrid, and the family', () => {
    assert.deepEqual(virtualMac(front), Uint8Array.of(0, 0, 0x5e, 0, 1, 51))
    assert.deepEqual(virtualMac(six), Uint8Array.of(0, 0, 0x5e, 0, 2, 51))
  })

  it('names differ by family, vrid and interface, and fit', () => {
    const at = (name: string | undefined, router = front): string =>
      virtualInterfaceName({ ...router, interface: name })
    assert.equal(at(undefined), 'vrrp.51')
    assert.equal(at(undefined, six), 'vrrp6.51')
    assert.equal(at('eth1'), 'vrrp.51.eth1')
    const long = { ...six, vrid: known(vrid(255)) }
    const names = ['enp0s31f6', 'enp0s31f7', 'a@b', 'eth0.100'].map((name) => at(name, long))
    assert.deepEqual(
      names.filter((name) => !/^vrrp6\.255\.[0-9a-f]{5}$/.test(name)),
      [],
    )
    assert.equal(new Set(names).size, names.length)
  })

  it('the mark is read as it was written, and nothing else is one', () => {
    assert.deepEqual(markOf(own), { router: 'front', parent: 'eth0', had })
    assert.equal(markOf({ ...eth0, alias: mark }), undefined)
    for (const alias of ['', 'vipair', `${mark} `, mark.replace('ignore 0', 'ignore x')])
      assert.equal(markOf({ ...own, alias }), undefined, alias)
  })

  const { alias: _, ...unmarked } = own
  const plans: readonly (readonly [string, InterfaceState | undefined, string])[] = [
    ['nothing there', undefined, 'create'],
    ['ours', own, 'use'],
    ['made by hand with our name and MAC address', unmarked, 'use'],
    [
      'ours, of another parent',
      { ...own, macvlan: { parentIndex: 3, adminUp: true }, alias: mark.replace('eth0', 'eth1') },
      'remove',
    ],
    ['on a parent that is a macvlan itself', { ...own, macvlan: { parentIndex: 99, adminUp: true } }, 'use'],
    ['no macvlan', { ...eth0, name: 'vrrp.51' }, 'vrrp.51 exists and is not ours: no macvlan'],
    [
      'another MAC address',
      { ...own, mac: eth0.mac },
      'vrrp.51 exists and is not ours: its MAC address is 02:00:00:00:00:01',
    ],
    [
      'elsewhere without a mark',
      { ...unmarked, macvlan: { parentIndex: 3, adminUp: true } },
      'vrrp.51 exists and is not ours: it is not on eth0',
    ],
  ]
  for (const [title, there, expected] of plans) {
    it(`${title}: ${expected}`, () => {
      const plan = planInterface(front, eth0, there ? [eth0, there] : [eth0])
      assert.equal(plan.do === 'refuse' ? plan.reason : plan.do, expected)
    })
  }

  it('a link without MAC addresses is refused', () => {
    const plan = planInterface(front, { ...eth0, name: 'tun0', mac: new Uint8Array(0) }, [])
    assert.equal(
      plan.do === 'refuse' && plan.reason,
      'tun0 is no Ethernet and can have no virtual MAC address',
    )
  })

  it('two on one parent: the last one that goes gives the parent back as it was', () => {
    const { state, keeper, arp } = machine()
    const other = { ...front, name: 'other', vrid: known(vrid(52)) }
    assert.equal(keeper.attach(front, eth0, state.interfaces), undefined)
    assert.ok(keeper.attach(front, eth0, state.interfaces)?.ok)
    assert.equal(arp(), '1 2')
    assert.equal(keeper.attach(other, eth0, state.interfaces), undefined)
    assert.ok(keeper.attach(other, eth0, state.interfaces)?.ok)
    assert.equal(state.reads, 2)
    keeper.sweep([other], state.interfaces)
    assert.deepEqual([state.interfaces.map(({ name }) => name).join(), arp()], ['eth0,vrrp.52', '1 2'])
    keeper.sweep([], state.interfaces)
    assert.deepEqual([state.interfaces.map(({ name }) => name).join(), arp()], ['eth0', '0 0'])
    assert.deepEqual(state.warnings, [])
  })

  for (const newcomer of [false, true])
    it(`a parent of another name by now is given back, ${newcomer ? 'not who has its name' : 'nobody has its name'}`, () => {
      const { state, settings, keeper } = machine([eth0])
      assert.equal(keeper.attach(front, eth0, state.interfaces), undefined)
      assert.ok(keeper.attach(front, eth0, state.interfaces)?.ok)
      const lan0 = { ...eth0, name: 'lan0' }
      state.interfaces = state.interfaces.map((one) => (one.name === 'eth0' ? lan0 : one))
      for (const [key, value] of [
        ['arp_ignore', '1'],
        ['arp_announce', '2'],
      ] as const) {
        settings.set(`net.ipv4.conf.lan0.${key}`, value)
        if (newcomer) settings.set(`net.ipv4.conf.eth0.${key}`, value)
        else settings.delete(`net.ipv4.conf.eth0.${key}`)
      }
      if (newcomer) state.interfaces = [...state.interfaces, { ...eth0, index: 40 }]
      const other = { ...front, name: 'other', vrid: known(vrid(52)) }
      assert.equal(keeper.attach(other, lan0, state.interfaces), undefined)
      assert.ok(keeper.attach(other, lan0, state.interfaces)?.ok)
      const settingsOf = (name: string) => [
        settings.get(`net.ipv4.conf.${name}.arp_ignore`),
        settings.get(`net.ipv4.conf.${name}.arp_announce`),
      ]
      keeper.sweep([other], state.interfaces)
      assert.deepEqual(settingsOf('lan0'), ['1', '2'])
      keeper.sweep([], state.interfaces)
      assert.deepEqual(settingsOf('lan0'), ['0', '0'])
      assert.deepEqual(settingsOf('eth0'), newcomer ? ['1', '2'] : [undefined, undefined])
    })

  it('a setting of the parent that somebody changed meanwhile stays', () => {
    const { state, settings, keeper, arp } = machine([eth0, own])
    assert.ok(keeper.attach(front, eth0, state.interfaces)?.ok)
    settings.set('net.ipv4.conf.eth0.arp_ignore', '8')
    keeper.sweep([], state.interfaces)
    assert.equal(arp(), '8 1')
  })

  it('strict reverse path filtering of all interfaces is loosened on this one', () => {
    const { state, settings, keeper } = machine([eth0, own])
    settings.set('net.ipv4.conf.all.rp_filter', '1')
    settings.set('net.ipv4.conf.vrrp/51.rp_filter', '1')
    assert.ok(keeper.attach(front, eth0, state.interfaces)?.ok)
    assert.equal(settings.get('net.ipv4.conf.vrrp/51.rp_filter'), '2')
  })

  it('a refusal of the kernel is told once, and then tried again', () => {
    const { state, keeper } = machine()
    state.refuses = new Error('create vrrp.51: EBUSY')
    assert.equal(keeper.attach(front, eth0, state.interfaces), undefined)
    assert.equal(state.reads, 1)
    const told = keeper.attach(front, eth0, state.interfaces)
    assert.equal(told?.ok === false && told.error, 'create vrrp.51: EBUSY on eth0')
    state.refuses = undefined
    assert.equal(keeper.attach(front, eth0, state.interfaces), undefined)
    assert.ok(keeper.attach(front, eth0, state.interfaces)?.ok)
  })
})
