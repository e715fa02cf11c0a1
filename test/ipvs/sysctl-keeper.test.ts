import assert from 'node:assert/strict'
import type { Log, Sysctl } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import { wantedSysctls } from '../../src/ipvs/kernel-settings.js'
import { type Remembered, SysctlKeeper } from '../../src/ipvs/sysctl-keeper.js'

/** /proc/sys and the file that outlives the process. */
class Machine {
  readonly values = new Map<string, string>()
  memory: Readonly<Record<string, Remembered>> = {}
  readonly lines: string[] = []
  refuses = new Map<string, string>()
  readonly sysctl: Sysctl = {
    read: (name) => this.values.get(name),
    write: (name, value) => {
      const code = this.refuses.get(name)
      if (code !== undefined) throw new OpError('sysctl write', name, code)
      this.values.set(name, value)
    },
    list: () => ['all', 'default', 'lo', 'eth0'],
  }

  constructor(values: Readonly<Record<string, string>>) {
    this.values = new Map(Object.entries(values))
  }

  keeper(): SysctlKeeper {
    const note = (line: string) => void this.lines.push(line)
    const log: Log = { error: note, warn: note, info: note, debug: () => {} }
    const memory = {
      read: () => this.memory,
      write: (changed: Readonly<Record<string, Remembered>>) => {
        this.memory = changed
      },
    }
    return new SysctlKeeper(this.sysctl, memory, log)
  }
}

const forward = { name: 'net.ipv4.ip_forward', value: '1', required: true, why: 'NAT' } as const
const nothing = { failures: [], drift: [] }

describe('kept sysctls', () => {
  it('are set once, and given back as they were', () => {
    const machine = new Machine({ 'net.ipv4.ip_forward': '0' })
    const keeper = machine.keeper()
    assert.deepEqual(keeper.keep([forward]), nothing)
    assert.deepEqual(keeper.keep([forward]), nothing)
    keeper.restore()
    assert.equal(machine.values.get('net.ipv4.ip_forward'), '0')
    assert.deepEqual(machine.memory, {})
    assert.deepEqual(machine.lines, [
      'net.ipv4.ip_forward: 0 -> 1 (NAT)',
      'net.ipv4.ip_forward: 1 -> 0, as it was before',
    ])
  })

  it('are not touched where they are right already, and then are not ours to give back', () => {
    const machine = new Machine({ 'net.ipv4.ip_forward': '1', 'net.core.rmem_max': '9' })
    const keeper = machine.keeper()
    keeper.keep([forward, { name: 'net.core.rmem_max', value: '8', atLeast: true, why: '' }])
    keeper.restore()
    assert.deepEqual([...machine.values.values()], ['1', '9'])
    assert.deepEqual(machine.lines, [])
  })

  it('are remembered by a successor as they were before the one that crashed', () => {
    const machine = new Machine({ 'net.ipv4.ip_forward': '0' })
    machine.keeper().keep([forward])
    const successor = machine.keeper()
    successor.keep([forward])
    assert.deepEqual(machine.memory, { 'net.ipv4.ip_forward': { before: '0', ours: '1' } })
    successor.keep([])
    assert.equal(machine.values.get('net.ipv4.ip_forward'), '0')
  })

  it('are remembered before they are set', () => {
    const machine = new Machine({ 'net.ipv4.ip_forward': '0' })
    let atWrite: unknown
    const { write } = machine.sysctl
    machine.sysctl.write = (name, value) => {
      atWrite = machine.memory
      write(name, value)
    }
    machine.keeper().keep([forward])
    assert.deepEqual(atWrite, { 'net.ipv4.ip_forward': { before: '0', ours: '1' } })
  })

  it('are set again when somebody changed them, which is told once', () => {
    const machine = new Machine({ 'net.ipv4.ip_forward': '0' })
    const keeper = machine.keeper()
    keeper.keep([forward])
    for (const drift of [['net.ipv4.ip_forward: 0 -> 1'], []]) {
      machine.values.set('net.ipv4.ip_forward', '0')
      assert.deepEqual(keeper.keep([forward]), { failures: [], drift })
      assert.equal(machine.values.get('net.ipv4.ip_forward'), '1')
    }
    assert.equal(machine.lines.filter((line) => line.includes('somebody')).length, 1)
  })

  it('that somebody else has changed since are left to them', () => {
    const machine = new Machine({ 'net.ipv4.vs.sync_threshold': '3 50' })
    const keeper = machine.keeper()
    keeper.keep([{ name: 'net.ipv4.vs.sync_threshold', value: '0 1', why: '' }])
    machine.values.set('net.ipv4.vs.sync_threshold', '5 5')
    keeper.restore()
    assert.equal(machine.values.get('net.ipv4.vs.sync_threshold'), '5 5')
  })

  it('that cannot be set are named with the cure, and leave no memory', () => {
    const machine = new Machine({ 'net.ipv4.ip_forward': '0', 'net.core.rmem_max': '1' })
    machine.refuses.set('net.ipv4.ip_forward', 'EROFS').set('net.core.rmem_max', 'EACCES')
    const { failures } = machine
      .keeper()
      .keep([
        forward,
        { name: 'net.core.rmem_max', value: '8', atLeast: true, foreign: true, why: '' },
        { name: 'net.ipv4.vs.conntrack', value: '1', required: true, why: '' },
        { name: 'net.ipv4.vs.sync_retries', value: '1', why: '' },
      ])
    assert.deepEqual(
      failures.map(({ message, cause }) => `${message}: ${(cause as Error).message}`),
      [
        "sysctl net.ipv4.ip_forward: EROFS: it must be 1 (NAT): set it on the host, sysctl -w net.ipv4.ip_forward='1', or run as root with /proc/sys writable",
        'sysctl net.ipv4.vs.conntrack: ENOENT: this kernel was built without IP_VS_NFCT, and cannot do full NAT',
      ],
    )
    assert.deepEqual(machine.memory, {})
  })
})

describe('wanted sysctls', () => {
  const needs = { syncing: false, persistence: false, translated: new Set<4 | 6>(), fullNat: false, user: {} }
  const of = (change: object, read: (name: string) => string | undefined = () => undefined) =>
    wantedSysctls({ ...needs, ...change }, () => ['all', 'default', 'lo', 'eth0/1'], read).map(
      ({ name, value }) => `${name}=${value}`,
    )

  for (const [title, change, expected] of [
    ['direct routing needs nothing of its own', {}, []],
    ['persistence', { persistence: true }, ['net.ipv4.vs.expire_quiescent_template=1']],
    [
      'NAT',
      { translated: new Set([4]) },
      [
        'net.ipv4.ip_forward=1',
        'net.ipv4.conf.all.send_redirects=0',
        'net.ipv4.conf.eth0/1.send_redirects=0',
      ],
    ],
    [
      'full NAT over IPv6',
      { translated: new Set([6]), fullNat: true },
      [
        'net.ipv4.vs.conntrack=1',
        'net.netfilter.nf_conntrack_tcp_loose=1',
        'net.ipv6.conf.eth0/1.accept_ra=2',
        'net.ipv6.conf.all.forwarding=1',
      ],
    ],
  ] as const) {
    it(`of ${title}`, () => {
      const read = (name: string) => (name === 'net.ipv6.conf.eth0/1.accept_ra' ? '1' : '0')
      assert.deepEqual(of(change, read), ['net.ipv4.vs.expire_nodest_conn=1', ...expected])
    })
  }

  it('of the file win', () => {
    const user = { 'net.ipv4.vs.expire_nodest_conn': '0', 'net.ipv4.vs.drop_entry': '1' }
    assert.deepEqual(of({ user }), ['net.ipv4.vs.expire_nodest_conn=0', 'net.ipv4.vs.drop_entry=1'])
  })
})
