import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram, runRealServer } from '../../src/cli/real-server.js'
import { type RealServerNeeds, type Step, stepsFor } from '../../src/cli/real-server-steps.js'
import { baseFile, changed } from '../config/base-file.js'
import { end } from '../ipvs/tracking-samples.js'
import { createNamespace, createPair } from '../platform/namespace.js'

const servers = 'real_servers = ["10.0.0.21:80", "10.0.0.22:80"]'

describe('real-server', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vipair-real-server-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  async function command(text: string, service: string, options = {}, run: typeof runProgram = runProgram) {
    const file = join(folder, 'vipair.toml')
    writeFileSync(file, text)
    let [out, error] = ['', '']
    const status = await runRealServer(file, service, options, {
      out: (said) => {
        out += said
      },
      error: (said) => {
        error += said
      },
      run,
    })
    return { status, out, error }
  }

  it('prints the commands of direct routing, with their reasons', async () => {
    const { status, out } = await command(baseFile, 'web')
    assert.equal(status, 0)
    assert.deepEqual(
      out.split('\n').map((line) => line.split('#')[0]?.trim()),
      [
        'sysctl -q -w net.ipv4.conf.all.arp_ignore=1',
        'sysctl -q -w net.ipv4.conf.all.arp_announce=2',
        'ip address replace 10.0.0.100/32 dev lo',
        '',
        '',
      ],
    )
  })

  it('prints the same for programs, and then does nothing', async () => {
    const never: typeof runProgram = () => assert.fail('nothing is run')
    const { status, out } = await command(baseFile, 'web', { json: true }, never)
    assert.equal(status, 0)
    const { service, apply, remove, notes } = JSON.parse(out)
    assert.equal(service, 'web')
    assert.deepEqual(apply.at(-1).run, ['ip', 'address', 'replace', '10.0.0.100/32', 'dev', 'lo'])
    assert.deepEqual(remove[0].run, ['ip', 'address', 'del', '10.0.0.100/32', 'dev', 'lo'])
    assert.ok(apply.every(({ why }: { why: string }) => why.length > 5))
    assert.ok(Array.isArray(notes))
    const both = await command(baseFile, 'web', { json: true, apply: true }, never)
    assert.deepEqual([both.status, both.out], [1, ''])
    assert.match(both.error, /--json only prints/)
  })

  it('applies direct routing in this machine, twice, and takes it back, twice', async () => {
    const here = createNamespace()
    try {
      const inside: typeof runProgram = (argv) => here.enter(() => runProgram(argv))
      const silent = () => here.enter(() => runProgram(['sysctl', 'net.ipv4.conf.all.arp_ignore']))
      assert.equal(await silent(), undefined)
      for (const word of ['done', 'done']) {
        const { status, out, error } = await command(baseFile, 'web', { apply: true }, inside)
        assert.deepEqual([status, error], [0, ''])
        assert.ok(out.endsWith(`${word}: ip address replace 10.0.0.100/32 dev lo\n`), out)
      }
      assert.match(here.ip('address show dev lo'), /inet 10\.0\.0\.100\/32 scope global lo/)
      for (const word of ['done', 'is so already']) {
        const { status, out } = await command(baseFile, 'web', { remove: true }, inside)
        assert.equal(status, 0)
        assert.equal(out, `${word}: ip address del 10.0.0.100/32 dev lo\n`)
      }
      assert.doesNotMatch(here.ip('address show dev lo'), /10\.0\.0\.100/)
    } finally {
      here.close()
    }
  })

  it('goes on without nft, and says what to do instead', async () => {
    const tunnel = changed(servers, `forwarding = "tunnel"\n${servers}`)
    const ran: string[] = []
    const { status, out } = await command(
      tunnel,
      'web',
      { apply: true, mtu: 1600 },
      async ([program = '']) => {
        ran.push(program)
        return program === 'nft' ? 'there is no such program on this machine' : undefined
      },
    )
    assert.deepEqual([status, ran.at(-1)], [0, 'nft'])
    assert.match(
      out,
      /not done: nft .*: there is no such program on this machine; instead: ip route .* advmss 1540,/,
    )
  })

  it('stops at the first failure, with what the program said', async () => {
    const { status, error } = await command(
      baseFile,
      'web',
      { apply: true },
      async () => 'Operation not permitted',
    )
    assert.equal(status, 1)
    assert.equal(error, 'real-server: sysctl -q -w net.ipv4.conf.all.arp_ignore=1: Operation not permitted\n')
  })

  it('names the gateway of NAT, the cure where there is none, and nothing for full NAT', async () => {
    const nat = (address: string) => changed(servers, `forwarding = "nat"\nreal_servers = ["${address}"]`)
    assert.match(
      (await command(nat('10.0.0.21:80'), 'web')).out,
      /ip route replace default via 10\.0\.0\.100/,
    )
    assert.match(
      (await command(nat('10.1.0.21:80'), 'web')).out,
      /no floating address is on the network of 10\.1\.0\.21/,
    )
    const full = await command(changed(servers, `forwarding = "full_nat"\n${servers}`), 'web', {
      apply: true,
    })
    assert.deepEqual([full.status, full.out.startsWith('note: nothing')], [0, true])
  })

  it('asks which server where they differ, and names what there is', async () => {
    const mixed = changed('"10.0.0.22:80"', '{ address = "10.0.0.22:80", forwarding = "nat" }')
    const { status, error } = await command(mixed, 'web')
    assert.equal(status, 1)
    assert.match(error, /choose one by --server \(10\.0\.0\.21:80: direct, 10\.0\.0\.22:80: nat\)/)
    assert.equal((await command(mixed, 'web', { server: '10.0.0.21:80' })).status, 0)
    assert.match(
      (await command(mixed, 'web', { server: 'x' })).error,
      /web has no server x: it has 10\.0\.0\.21:80/,
    )
    assert.match((await command(baseFile, 'nope')).error, /no virtual service nope in .*: it has web/)
    assert.equal((await command('', 'web')).status, 2)
  })
})

describe('steps of a tunnel', () => {
  const tunnelled: RealServerNeeds = {
    forwarding: 'tunnel',
    virtual: end('10.0.0.100:0').address,
    server: end('10.1.0.21:0').address,
    tunnel: { type: 'ipip', port: undefined, checksum: false },
    mtu: 1500,
    gateways: [],
  }
  const of = (change: Partial<RealServerNeeds>) => {
    const { apply, remove, notes } = stepsFor({ ...tunnelled, ...change })
    return {
      apply: apply.map(({ run }) => run.join(' ')),
      remove: remove.map(({ run }) => run.join(' ')),
      notes,
    }
  }
  const held = [
    'sysctl -q -w net.ipv4.conf.all.arp_ignore=1',
    'sysctl -q -w net.ipv4.conf.all.arp_announce=2',
    'ip address replace 10.0.0.100/32 dev tunl0',
  ]

  const table = 'table ip vipair_ipip_10_0_0_100'

  it('of ipip', () => {
    const { apply, remove, notes } = of({})
    assert.deepEqual(apply, [
      'modprobe ipip',
      'ip link set tunl0 up',
      'sysctl -q -w net.ipv4.conf.tunl0.rp_filter=2',
      ...held,
      `nft ${table}; delete ${table}; ${table} { chain output { type filter hook output priority mangle; policy accept; ip saddr 10.0.0.100 tcp flags syn tcp option maxseg size set 1440; }; }`,
    ])
    assert.deepEqual(remove, [`nft ${table}; delete ${table}`, 'ip address del 10.0.0.100/32 dev tunl0'])
    assert.match(notes[0] ?? '', /^20 bytes .* --mtu 1520; UDP of more than 1480 bytes/)
  })

  it('of GUE', () => {
    const { apply, remove, notes } = of({ tunnel: { type: 'gue', port: 6080, checksum: false } })
    assert.deepEqual(apply.slice(0, 4), [
      'modprobe ipip',
      'modprobe fou',
      'ip fou add port 6080 gue',
      'ip link set tunl0 up',
    ])
    assert.deepEqual(remove.slice(1), ['ip address del 10.0.0.100/32 dev tunl0', 'ip fou del port 6080'])
    assert.match(notes[0] ?? '', /^32 bytes/)
  })

  for (const [virtual, server, type, device, overhead] of [
    ['10.0.0.100:0', '[fd00::21]:0', 'ipip', 'vipair6', 40],
    ['[fd00::100]:0', '10.1.0.21:0', 'ipip', 'sit0', 20],
    ['[fd00::100]:0', '[fd00::21]:0', 'ipip', 'vipair6', 40],
    ['10.0.0.100:0', '10.1.0.21:0', 'gre', 'gre0', 24],
    ['[fd00::100]:0', '[fd00::21]:0', 'gre', 'ip6gre0', 44],
  ] as const) {
    it(`of ${type} from ${virtual} to ${server}`, () => {
      const ends = { virtual: end(virtual).address, server: end(server).address }
      const { apply, notes } = of({ ...ends, tunnel: { type, port: undefined, checksum: false } })
      assert.ok(apply.includes(`ip link set ${device} up`), apply.join('; '))
      const made = apply.includes('ip link add vipair6 type ip6tnl mode any local fd00::21 remote ::')
      assert.equal(made, device === 'vipair6')
      assert.ok(notes[0]?.startsWith(`${overhead} bytes`))
    })
  }

  for (const [virtual, server, type, checksum, mtu, segment] of [
    ['10.0.0.100:0', '10.1.0.21:0', 'ipip', false, 1500, 1440],
    ['10.0.0.100:0', '10.1.0.21:0', 'gre', false, 1500, 1436],
    ['10.0.0.100:0', '10.1.0.21:0', 'gre', true, 1500, 1432],
    ['10.0.0.100:0', '10.1.0.21:0', 'gue', true, 1500, 1428],
    ['10.0.0.100:0', '10.1.0.21:0', 'gue', 'remote', 1500, 1420],
    ['10.0.0.100:0', '[fd00::21]:0', 'ipip', false, 1500, 1420],
    ['[fd00::100]:0', '10.1.0.21:0', 'ipip', false, 1500, 1420],
    ['[fd00::100]:0', '[fd00::21]:0', 'gue', false, 9000, 8888],
  ] as const)
    it(`${type}, checksum ${checksum}, from ${virtual} to ${server} has room for segments of ${segment} in ${mtu}`, () => {
      const ends = { virtual: end(virtual).address, server: end(server).address }
      const { apply } = of({ ...ends, mtu, tunnel: { type, port: undefined, checksum } })
      assert.ok(apply.at(-1)?.includes(`maxseg size set ${segment};`), apply.at(-1))
    })

  it('announce segments that fit, applied twice, until they are taken back; elsewhere nothing changes', async function () {
    this.timeout(30_000)
    const { left, right, close } = createPair()
    const running: ChildProcess[] = []
    try {
      right.ip('address add 10.0.0.100/32 dev lo')
      left.ip('route add 10.0.0.100/32 via 10.9.0.2')
      const { apply, remove } = stepsFor(tunnelled)
      const nft = (steps: readonly Step[]) =>
        right.enter(() => runProgram(steps.find(({ run }) => run[0] === 'nft')?.run ?? []))
      const started = async (where: typeof left, program: string): Promise<ChildProcess> => {
        const child = where.enter(() =>
          spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] }),
        )
        running.push(child)
        await once(child.stdout, 'data')
        return child
      }
      await started(right, "require('net').createServer().listen(8080, () => console.log('listens'))")
      const segment = async (to: string): Promise<string> => {
        const client = await started(
          left,
          `require('net').connect(8080, '${to}', () => console.log('is connected'))`,
        )
        const shown = left.run('ss', '-tinH', 'dst', to)
        client.kill()
        await once(client, 'exit')
        return / mss:(\d+)/.exec(shown)?.[1] ?? shown
      }
      // Twelve bytes of each segment go to the time stamps.
      assert.equal(await segment('10.0.0.100'), '1448')
      for (const _ of ['once', 'again']) assert.equal(await nft(apply), undefined)
      assert.equal(await segment('10.0.0.100'), '1428')
      assert.equal(await segment('10.9.0.2'), '1448')
      for (const _ of ['once', 'again']) assert.equal(await nft(remove), undefined)
      assert.equal(await segment('10.0.0.100'), '1448')
    } finally {
      for (const child of running) child.kill()
      close()
    }
  })
})
