/** Real directors that accept nothing on their addresses. */
import assert from 'node:assert/strict'
import { Pair, until, virtualAddress } from './directors.js'

describe('daemon/accept = false', function () {
  this.timeout(90_000)

  let pair: Pair

  afterEach(async () => pair.close())

  for (const virtualMac of [false, true]) {
    it(`virtual_mac = ${virtualMac}: ARP is answered, and nothing else until accept = true`, async () => {
      const common = `virtual_mac = ${virtualMac}\n`
      pair = new Pair({ front: `${common}accept = false` })
      const { lb1, lb2 } = pair
      await pair.start()
      assert.equal(await pair.knock(virtualAddress), 'silence')
      assert.match(pair.client.ip(`neigh show ${virtualAddress}`), /lladdr/)
      assert.equal(await pair.knock('10.9.0.11'), 'refused')

      pair.write({ front: common })
      for (const director of [lb1, lb2]) assert.equal((await director.command('reload')).status, 0)
      await lb1.untilState('active')
      assert.equal(await pair.knock(virtualAddress), 'refused')
      assert.equal(lb1.namespace.run('nft', 'list', 'tables'), '')

      pair.write({ front: `${common}accept = false` })
      assert.equal((await lb1.command('reload')).status, 0)
      assert.equal(await pair.knock(virtualAddress), 'silence')
      assert.equal(await lb1.end('SIGTERM'), 0)
      assert.equal(lb1.namespace.run('nft', 'list', 'tables'), '')
    })
  }

  it('IPv6: neighbours are answered, and nothing else', async () => {
    pair = new Pair({ front: 'accept = false\naddresses = ["fe80::100/64"]' })
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    await until('the client may use an address of its own', async () =>
      /fe80:/.test(pair.client.ip('-6 addr show dev br0 scope link -tentative')) ? true : undefined,
    )
    assert.equal(await pair.knock('fe80::100%br0'), 'silence')
    await until('the client knows its MAC address', async () =>
      /lladdr/.test(pair.client.ip('neigh show fe80::100')) ? true : undefined,
    )
  })

  it('the address owner accepts everything', async () => {
    pair = new Pair({ front: 'accept = false\npriority = { lb1 = 255 }' })
    await pair.start()
    assert.equal(await pair.knock(virtualAddress), 'refused')
    assert.equal(await pair.lb1.end('SIGTERM'), 0)
    await pair.lb2.untilState('active')
    assert.equal(await pair.knock(virtualAddress), 'silence')
  })

  it('without nft it does not start, and does not reload, and says why', async () => {
    // In a mount namespace of its own the program is nothing that could run.
    const without = [
      'unshare',
      '-m',
      'sh',
      '-c',
      'mount --bind /dev/null "$(command -v nft)" && exec "$@"',
      'sh',
    ]
    pair = new Pair()
    const { lb1 } = pair
    lb1.start(without)
    await lb1.untilState('active')
    pair.write({ front: 'accept = false' }, lb1)
    const refused = await lb1.command('reload')
    assert.equal(refused.status, 1)
    assert.match(refused.error, /accept = false: nft: .*EACCES; nothing was changed/)
    await lb1.untilState('active')
    await lb1.end('SIGTERM')
    lb1.start(without)
    await until('it has given up', async () =>
      lb1.lines.some((line) => /error main: accept = false: nft: .*EACCES/.test(line)) ? true : undefined,
    )
  })

  const killAll = async (): Promise<void> => {
    const { lb1 } = pair
    for (const { pid } of (await lb1.status())?.processes ?? [])
      if (pid !== null) process.kill(pid, 'SIGKILL')
    await lb1.end('SIGKILL')
  }

  it('what a killed director left is removed by `vipair release`, also where the file is another', async () => {
    pair = new Pair({ front: 'accept = false' })
    const { lb1 } = pair
    for (const front of ['accept = false', 'accept = true']) {
      pair.write({ front: 'accept = false' })
      lb1.start()
      await lb1.untilState('active')
      await killAll()
      assert.notEqual(lb1.namespace.run('nft', 'list', 'tables'), '')
      pair.write({ front })
      assert.equal((await lb1.command('release')).status, 0)
      assert.equal(lb1.namespace.run('nft', 'list', 'tables'), '')
    }
  })

  it('what a killed director left is removed by the next start', async () => {
    pair = new Pair({ front: 'accept = false' })
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    await killAll()
    pair.write({})
    lb1.start()
    await lb1.untilState('active')
    assert.equal(lb1.namespace.run('nft', 'list', 'tables'), '')
    assert.equal(await pair.knock(virtualAddress), 'refused')
  })

  it('a reload puts back the filter that somebody removed', async () => {
    pair = new Pair({ front: 'accept = false' })
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    lb1.namespace.run('nft', 'delete', 'table', 'inet', 'vipair_accept')
    assert.equal((await lb1.command('reload')).status, 0)
    assert.equal(await pair.knock(virtualAddress), 'silence')
  })
})
