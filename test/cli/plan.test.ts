import assert from 'node:assert/strict'
import { renderPlan } from '../../src/cli/plan.js'
import type { ReloadPlan } from '../../src/config/reload-plan.js'

const nothing: ReloadPlan = {
  file: '/etc/vipair/vipair.toml',
  configHash: 'bbbb',
  runningConfigHash: 'aaaa',
  needsRestart: [],
  refusals: [],
  changes: [],
  kernel: [],
  kernelUnknown: null,
  warnings: [],
}

describe('cli plan', () => {
  it('is a diff of the election, the file and the kernel', () => {
    const web = 'tcp 10.0.0.100:80'
    const lines = renderPlan({
      ...nothing,
      changes: [
        {
          subject: { table: 'virtual_router', name: 'front' },
          change: 'changed',
          keys: [
            { key: 'addresses', before: ['10.0.0.100/24'], after: ['10.0.0.100/24', '10.0.0.101/24'] },
            { key: 'priority.lb1', before: undefined, after: 180 },
          ],
        },
        {
          subject: { table: 'virtual_router', name: 'side' },
          change: 'changed',
          keys: [{ key: 'vrid', before: 52, after: 62 }],
          joinsAnew: true,
        },
        { subject: { table: 'virtual_router', name: 'back' }, change: 'added', keys: [] },
        { subject: { table: 'virtual_service', name: 'old' }, change: 'removed', keys: [] },
        {
          subject: { table: 'real_server', service: 'web', name: 'rs1' },
          change: 'changed',
          keys: [{ key: 'weight', before: 100, after: 50 }],
        },
      ],
      kernel: [
        { change: 'added', service: web, server: '10.0.0.23:80', details: ['direct', 'weight 100'] },
        { change: 'changed', service: web, server: '10.0.0.21:80', details: ['weight 100 -> 50'] },
        { change: 'removed', service: web, server: '10.0.0.22:80', details: [] },
        { change: 'removed', service: 'udp 10.0.0.100:53', server: null, details: ['2 servers'] },
      ],
    })
    assert.deepEqual(lines, [
      'running config aaaa, /etc/vipair/vipair.toml has bbbb',
      'election:',
      '~ virtual_router front',
      '+   addresses: 10.0.0.101/24',
      '~   priority.lb1: none -> 180',
      '~ virtual_router side: leaves the election and joins it anew; an Active hands over first',
      '~   vrid: 52 -> 62',
      '+ virtual_router back',
      'services and settings:',
      '- virtual_service old',
      '~ real_server web/rs1',
      '~   weight: 100 -> 50',
      'kernel:',
      `  ${web}`,
      '+   10.0.0.23:80: direct, weight 100',
      '~   10.0.0.21:80: weight 100 -> 50',
      '-   10.0.0.22:80',
      '- udp 10.0.0.100:53: 2 servers',
      '5 differences in the file; kernel: 1 to add, 1 to change, 2 to remove',
    ])
  })

  it('says when there is nothing to do, when a reload would be refused and when the kernel is not known', () => {
    assert.deepEqual(renderPlan(nothing).slice(1), ['a reload would change nothing'])
    const refused = renderPlan({
      ...nothing,
      needsRestart: ['log.format'],
      refusals: ['front: the script is missing'],
      kernelUnknown: 'the ipvs process is not running',
    })
    assert.deepEqual(refused.slice(1), [
      'kernel:',
      '  unknown: the ipvs process is not running',
      '! a reload would be refused, this needs a restart: log.format',
      '! a reload would be refused: front: the script is missing',
      '0 differences in the file',
    ])
  })
})
