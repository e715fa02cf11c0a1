import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Modprobe } from '../../src/platform/kernel-modules.js'
import { ProcSysctl } from '../../src/platform/sysctl.js'

describe('sysctl', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'vipair-sysctl-'))
    mkdirSync(join(root, 'net/ipv4/conf/eth0.100'), { recursive: true })
    writeFileSync(join(root, 'net/ipv4/sync_threshold'), '3\t50\n')
    writeFileSync(join(root, 'net/ipv4/conf/eth0.100/rp_filter'), '1\n')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('reads fields apart by one space, and undefined for what is not there', () => {
    const sysctl = new ProcSysctl(root)
    assert.equal(sysctl.read('net.ipv4.sync_threshold'), '3 50')
    assert.equal(sysctl.read('net.ipv4.conf.eth0/100.rp_filter'), '1')
    assert.equal(sysctl.read('net.ipv4.nothing'), undefined)
  })

  it('writes what is there and creates nothing', () => {
    const sysctl = new ProcSysctl(root)
    sysctl.write('net.ipv4.sync_threshold', '0 1')
    assert.equal(readFileSync(join(root, 'net/ipv4/sync_threshold'), 'utf8').slice(0, 3), '0 1')
    assert.throws(() => sysctl.write('net.ipv4.nothing', '1'), {
      message: 'sysctl write net.ipv4.nothing: ENOENT',
    })
  })

  it('takes whatever an interface may be called', () => {
    const folder = join(root, 'net/ipv4/conf/tun+0@x%y')
    mkdirSync(folder)
    writeFileSync(join(folder, 'send_redirects'), '1\n')
    const sysctl = new ProcSysctl(root)
    for (const name of sysctl.list('net.ipv4.conf'))
      assert.doesNotThrow(() => sysctl.read(`net.ipv4.conf.${name}.send_redirects`))
    assert.equal(sysctl.read('net.ipv4.conf.tun+0@x%y.send_redirects'), '1')
  })

  it('stays below its root', () => {
    for (const name of ['net.ipv4.//etc.x', '../etc', '/etc/passwd', 'net..ipv4', '']) {
      assert.throws(() => new ProcSysctl(root).read(name), { code: 'EINVAL' }, name)
    }
  })
})

describe('modprobe', () => {
  it('resolves when the program is content, and repeats its complaint when not', async () => {
    await new Modprobe('/bin/true').load('ip_vs')
    const failing = new Modprobe('/bin/ls').load('ip_vs')
    await assert.rejects(
      failing,
      (error: Error) => /modprobe ip_vs: failed/.test(error.message) && /ip_vs/.test(String(error.cause)),
    )
  })

  it('says that kmod is missing, and passes no options on', async () => {
    await assert.rejects(new Modprobe('/nowhere/modprobe').load('ip_vs'), (error: Error) =>
      /install kmod/.test(String(error.cause)),
    )
    await assert.rejects(new Modprobe('/bin/true').load('--remove'), { code: 'EINVAL' })
  })
})
