import { deepEqual, equal, match } from 'node:assert/strict'
import { readFileSync } from 'node:fs'

/** `Section.Key` to values, in order; comments left out. */
function readUnit(text: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, string[]>()
  let section = ''
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[(\w+)\]$/.exec(line)?.[1]
    if (header !== undefined) {
      section = header
      continue
    }
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) throw new Error(`not a setting: ${line}`)
    const name = `${section}.${key}`
    settings.set(name, [...(settings.get(name) ?? []), value])
  }
  return settings
}

describe('configs/vipair.service', () => {
  const unit = readUnit(readFileSync('configs/vipair.service', 'utf8'))

  it('has its three sections and no setting twice', () => {
    deepEqual([...new Set([...unit.keys()].map((key) => key.split('.')[0]))], ['Unit', 'Service', 'Install'])
    for (const [key, values] of unit) equal(values.length, 1, key)
  })

  it('runs, reloads, and releases the addresses also after a crash', () => {
    deepEqual(unit.get('Service.ExecStart'), ['/usr/bin/vipair run'])
    deepEqual(unit.get('Service.ExecReload'), ['/usr/bin/kill -HUP $MAINPID'])
    deepEqual(unit.get('Service.ExecStopPost'), ['-/usr/bin/vipair release'])
  })

  it('has the capabilities that addresses, IPVS, VRRP, realtime priority and unprivileged processes need', () => {
    const bounding = unit.get('Service.CapabilityBoundingSet')?.[0] ?? ''
    for (const name of ['NET_ADMIN', 'NET_RAW', 'SYS_NICE', 'IPC_LOCK', 'SETUID', 'SETGID', 'KILL'])
      match(bounding, new RegExp(`CAP_${name}\\b`))
  })
})
