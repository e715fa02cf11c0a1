import assert from 'node:assert/strict'
import { OpError } from '../../src/base/result.js'
import { millis } from '../../src/base/units.js'
import { wantedTable } from '../../src/ipvs/full-nat/ruleset.js'
import { fullNatTargets } from '../../src/ipvs/full-nat/targets.js'
import { server, service } from './configs.js'
import { asTheKernelHasThem, FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const full = { forwarding: 'full_nat' } as const
const web = service('web', '10.0.0.100:80', [server('10.0.0.21:80', full)])
const direct = service('web', '10.0.0.100:80', [server('10.0.0.21:80')])
const table = wantedTable('ip', fullNatTargets([web]))
const flush = {
  onExit: 'flush',
  manage: 'declared',
  reconcileInterval: millis(10_000),
  sysctls: {},
  timeouts: asTheKernelHasThem,
} as const

function machineForNat(): FakeMachine {
  const machine = new FakeMachine()
  machine.interfaces = ['all', 'eth0']
  for (const name of ['net.ipv4.ip_forward', 'net.ipv4.conf.eth0.send_redirects'])
    machine.sysctls.set(name, '0')
  machine.sysctls.set('net.ipv4.conf.all.send_redirects', '1')
  return machine
}

describe('surroundings of the table', () => {
  it('are made for full NAT before the table, and undone after it', async () => {
    const machine = machineForNat()
    let whenTableWasMade: string | undefined
    machine.kernel.beforeExchange = () => {
      whenTableWasMade ??= machine.tables.get('ip')
    }
    const runtime = await machine.start(settingOf([web], { ipvs: flush }))
    assert.equal(whenTableWasMade, table)
    assert.equal(machine.sysctls.get('net.ipv4.vs.conntrack'), '1')
    assert.equal(machine.sysctls.get('net.ipv4.ip_forward'), '1')
    assert.equal(machine.sysctls.get('net.ipv4.conf.all.send_redirects'), '0')
    await runtime.stop()
    assert.deepEqual([...machine.tables], [])
    assert.equal(machine.sysctls.get('net.ipv4.vs.conntrack'), '0')
    assert.equal(machine.sysctls.get('net.ipv4.ip_forward'), '0')
    assert.equal(machine.sysctls.get('net.ipv4.conf.all.send_redirects'), '1')
    assert.deepEqual(machine.remembered, {})
  })

  it('are undone, and the table is emptied, when the next run has no services', async () => {
    const machine = machineForNat()
    const before = await machine.start(settingOf([web]))
    await before.stop()
    const runtime = await machine.start(settingOf([], { peerId: undefined }))
    assert.deepEqual(
      [machine.kernel.services.size, machine.kernel.daemons.size, machine.tables.size],
      [0, 0, 0],
    )
    for (const name of ['net.ipv4.vs.conntrack', 'net.ipv4.ip_forward', 'net.ipv4.vs.expire_nodest_conn'])
      assert.equal(machine.sysctls.get(name), '0', name)
    assert.deepEqual([machine.remembered, machine.owned], [{}, []])
    assert.deepEqual(runtime.status().problems, [])
  })

  it('are looked for without holding up what the servers’ health asks for', async () => {
    const machine = machineForNat()
    machine.nft.list = () => new Promise(() => {})
    const runtime = await machine.start(settingOf([direct]))
    runtime.healthChanged([verdict('web', '10.0.0.21:80', 'unhealthy')])
    await settled()
    assert.deepEqual(machine.weights('tcp 10.0.0.100:80'), { '10.0.0.21:80': 0 })
  })

  it('stay where on_exit keeps the table, and are adopted untouched by the next run', async () => {
    const machine = machineForNat()
    const before = await machine.start(settingOf([web]))
    await before.stop()
    assert.equal(machine.tables.get('ip'), table)
    machine.scripts.length = 0
    const after = await machine.start(settingOf([web], { ipvs: flush }))
    assert.deepEqual(machine.scripts, [])
    await after.stop()
    assert.equal(machine.sysctls.get('net.ipv4.ip_forward'), '0')
  })

  it('go when a reload leaves no service that needs them', async () => {
    const machine = machineForNat()
    const runtime = await machine.start(settingOf([web]))
    runtime.configure(settingOf([direct]))
    await machine.clock.advance(10_000)
    assert.deepEqual([...machine.tables], [])
    assert.equal(machine.sysctls.get('net.ipv4.vs.conntrack'), '0')
    const listed = machine.scripts.length
    await machine.clock.advance(10_000)
    assert.equal(machine.scripts.length, listed)
  })

  it('are made again when somebody removed them, and that is told once', async () => {
    const machine = machineForNat()
    await machine.start(settingOf([web]))
    for (let time = 0; time < 2; time++) {
      machine.tables.clear()
      machine.sysctls.set('net.ipv4.ip_forward', '0')
      await machine.clock.advance(10_000)
      assert.equal(machine.tables.get('ip'), table)
      assert.equal(machine.sysctls.get('net.ipv4.ip_forward'), '1')
    }
    assert.deepEqual(
      machine.facts.filter(({ type }) => type === 'settingsRepaired'),
      [{ type: 'settingsRepaired', changes: ['nft table ip vipair', 'net.ipv4.ip_forward: 0 -> 1'] }],
    )
  })

  it('that cannot be made are a standing problem with the cure, and the table stands all the same', async () => {
    const machine = machineForNat()
    machine.nftFailure = new OpError('nft', 'list', 'missing', { cause: new Error('install nftables') })
    const runtime = await machine.start(settingOf([web]))
    assert.deepEqual(runtime.status().problems, ['nft list: missing: install nftables'])
    assert.deepEqual(machine.weights('tcp 10.0.0.100:80'), { '10.0.0.21:80': 100 })
    machine.nftFailure = undefined
    await machine.clock.advance(10_000)
    await settled()
    assert.deepEqual(runtime.status().problems, [])
    assert.equal(machine.tables.get('ip'), table)
  })

  it('that an earlier run left and nothing needs go once the table stands, and are looked for once', async () => {
    const machine = new FakeMachine()
    machine.tables.set('ip', 'left')
    const seen: (number | string)[] = []
    const { list } = machine.nft
    machine.nft.list = (family, name) => {
      seen.push(family, machine.kernel.services.size)
      return list(family, name)
    }
    await machine.start(settingOf([service('web', '10.0.0.100:80', [server('10.0.0.21:80')])]))
    assert.deepEqual([seen, machine.tables.size], [['ip', 1, 'ip6', 1], 0])
    await machine.clock.advance(10_000)
    assert.equal(seen.length, 4)
  })

  it('need no nft where nothing is translated', async () => {
    const machine = machineForNat()
    machine.nftFailure = new OpError('nft', 'list', 'missing')
    const runtime = await machine.start(settingOf([direct]))
    assert.deepEqual(runtime.status().problems, [])
    assert.equal(machine.sysctls.get('net.ipv4.ip_forward'), '0')
  })
})
