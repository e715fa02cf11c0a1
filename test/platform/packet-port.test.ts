/** Checks of a virtual address on a server, with real kernels on both sides. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { PacketPort } from '../../src/base/ports.js'
import { port } from '../../src/base/units.js'
import type { TunnelConfig } from '../../src/config/model.js'
import { ForwardingChecks } from '../../src/healthcheck/forwarding/runtime.js'
import { outcomeText } from '../../src/healthcheck/outcome.js'
import { openPacketPort } from '../../src/platform/packet-port.js'
import { Reactor } from '../../src/platform/reactor.js'
import { tcpCheck } from '../healthcheck/samples.js'
import { ip } from './addresses.js'
import { createPair, type Namespace } from './namespace.js'

const [virtual4, virtual6] = ['10.9.0.100', '2001:db8::100']
const served = 8080

/** Accepts on every address of a namespace; its end ends it too. */
async function serve(namespace: Namespace): Promise<ChildProcess> {
  const program = `require('node:net').createServer((s) => s.on('error', () => {})).listen(${served}, '::', () => console.log('ready'))`
  const child = namespace.enter(() =>
    spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  await once(child.stdout ?? assert.fail(), 'data')
  return child
}

describe('platform/packet-port', function () {
  this.timeout(60_000)
  let reactor: Reactor
  let pair: ReturnType<typeof createPair>
  let packets: PacketPort
  let checks: ForwardingChecks
  let server: ChildProcess

  beforeEach(async () => {
    reactor = Reactor.open()
    pair = createPair()
    const { left, right } = pair
    left.ip('-6 addr add 2001:db8::1/64 dev left0 nodad')
    right.ip('-6 addr add 2001:db8::2/64 dev right0 nodad')
    for (const [address, length] of [
      [virtual4, 32],
      [virtual6, 128],
    ] as const) {
      // As the vrrp process adds it: nothing of this machine's own comes from it.
      left.ip(`addr add ${address}/${length} dev left0${length === 128 ? ' nodad preferred_lft 0' : ''}`)
      right.ip(`addr add ${address}/${length} dev lo`)
    }
    right.run('sysctl', '-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2')
    server = await serve(right)
    packets = left.enter(() => openPacketPort(reactor))
    checks = new ForwardingChecks(randomBytes, packets)
  })
  afterEach(async () => {
    packets.close()
    reactor.close()
    server.kill('SIGKILL')
    await once(server, 'exit')
    pair.close()
  })

  /** The outcome's words; the time is up as soon as `silent` says, in milliseconds. */
  async function check(
    virtual: string,
    to: string,
    { tunnel, at = served, silent = 20_000 }: { tunnel?: TunnelConfig; at?: number; silent?: number } = {},
  ): Promise<string> {
    const target = { virtual: ip(virtual), server: ip(to), tunnel, port: port(at) ?? assert.fail() }
    // What is opened on the way (a socket that asks for the route) is the namespace's.
    const outcome = pair.left.enter(() => checks.run(tcpCheck(), target, AbortSignal.timeout(silent)))
    return outcomeText(await outcome)
  }
  const halfOpen = () => pair.right.run('ss', '-Htan', 'state', 'syn-recv', 'state', 'established').trim()

  for (const [family, virtual, to] of [
    ['IPv4', virtual4, '10.9.0.2'],
    ['IPv6', virtual6, '2001:db8::2'],
  ] as const)
    it(`over ${family} finds the address on the server, though this machine has it too`, async () => {
      // A link that has just come up loses the first packets of IPv6.
      let first = ''
      for (let i = 0; i < 40 && first !== 'connected'; i++) first = await check(virtual, to, { silent: 500 })
      assert.equal(first, 'connected')
      assert.equal(await check(virtual, to), 'connected')
      assert.equal(await check(virtual, to, { at: 81 }), 'connection refused')
      assert.equal(halfOpen(), '')
      pair.right.ip(`addr del ${virtual}/${virtual === virtual4 ? 32 : 128} dev lo`)
      assert.match(
        await check(virtual, to, { silent: 300 }),
        /^no answer within 400 ms: is .* on the server's lo\?$/,
      )
      // A server that forwards sends it back here, where it must not find the way to anybody else.
      pair.right.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
      assert.match(await check(virtual, to, { silent: 300 }), /^no answer/)
    })

  it('finds it through a tunnel, and that the tunnel is down', async () => {
    const { right } = pair
    const tunnel: TunnelConfig = { type: 'gre', port: undefined, checksum: false }
    try {
      right.run('sh', '-c', 'ip link add gre7 type gre local 10.9.0.2 remote any 2>&1')
    } catch {
      // This kernel has no tunnels at all; the lab's has.
      assert.match(await check(virtual4, '10.9.0.2', { tunnel, silent: 300 }), /its gre tunnel up/)
      return
    }
    right.ip('link set gre7 up')
    right.run('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.gre7.rp_filter=0')
    assert.equal(await check(virtual4, '10.9.0.2', { tunnel }), 'connected')
    right.ip('link set gre7 down')
    assert.match(await check(virtual4, '10.9.0.2', { tunnel, silent: 300 }), /its gre tunnel up/)
  })

  it('is woken by nothing else', async () => {
    let heard = 0
    const own = pair.left.enter(() => openPacketPort(reactor))
    own.listen(() => heard++)
    assert.equal(await check(virtual4, '10.9.0.2'), 'connected')
    own.close()
    assert.equal(heard, 0)
  })
})
