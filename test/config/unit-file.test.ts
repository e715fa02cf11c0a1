import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
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
    deepEqual(unit.get('Service.ExecReload'), ['/usr/bin/vipair reload'])
    deepEqual(unit.get('Service.ExecStopPost'), ['-/usr/bin/vipair release'])
  })

  it('has the capabilities that addresses, IPVS, VRRP, realtime priority and unprivileged processes need', () => {
    const bounding = unit.get('Service.CapabilityBoundingSet')?.[0] ?? ''
    for (const name of ['NET_ADMIN', 'NET_RAW', 'SYS_NICE', 'SETUID', 'SETGID', 'KILL'])
      match(bounding, new RegExp(`CAP_${name}\\b`))
  })

  it('is watched for longer than a silent process may stay, and only the main process speaks for it', () => {
    deepEqual(unit.get('Service.Type'), ['notify'])
    deepEqual(unit.get('Service.NotifyAccess'), ['main'])
    deepEqual(unit.get('Service.WatchdogSec'), ['60s'])
  })

  it('is as exposed as its documentation says', function () {
    this.timeout(20_000)
    const words = ['security', '--offline=true', '--no-pager', 'configs/vipair.service']
    const { stdout } = spawnSync('systemd-analyze', words, { encoding: 'utf8' })
    const level = /exposure level for vipair.service: ([\d.]+)/.exec(stdout)?.[1]
    ok(level !== undefined, stdout)
    match(readFileSync('docs/systemd.md', 'utf8'), new RegExp(`exposure level[^.]*\\*\\*${level}\\*\\*`))
  })

  it('is understood by systemd', () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', 'configs/vipair.service'], {
      encoding: 'utf8',
    })
    // Where the package is not installed, its program and its manual are missing; nothing else may be.
    const complaints = stderr
      .split('\n')
      .filter((line) => /vipair/.test(line) && !/is not executable|Command 'man /.test(line))
    deepEqual(complaints, [])
  })
})
