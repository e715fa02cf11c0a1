/** What whole directors warn of: somebody else's router, and a peer with another file. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { DirectorStatus } from '../../src/base/status.js'
import { vrid } from '../../src/base/units.js'
import { openRawSocket } from '../../src/platform/raw-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { encodeAdvertisement } from '../../src/vrrp/packet.js'
import { vrrpGroup } from '../../src/vrrp/receive.js'
import { ip, known, ms, prio } from '../vrrp/support.js'
import { type Director, Pair, until } from './directors.js'

const multicast = 'transport = "multicast"'

const warnsOf =
  (text: RegExp) =>
  ({ warnings }: DirectorStatus): boolean =>
    warnings.some((warning) => text.test(warning))

/** In the status now, and in the log as it is said there. */
async function untilWarned(director: Director, state: string, text: RegExp): Promise<DirectorStatus> {
  const status = await director.untilState(state, warnsOf(text))
  await until(`the log of ${director.name} has ${text}`, async () =>
    director.lines.some((line) => text.test(line)) ? true : undefined,
  )
  return status
}

const isCalm = ({ warnings, peer }: DirectorStatus): boolean =>
  warnings.length === 0 && peer?.reachable === true

/** Somebody else's router on the directors' network, at 10.9.0.1, every 100 ms until it is stopped. */
function startRogue(pair: Pair, priority: number, address: string): () => void {
  const reactor = Reactor.open()
  const source = ip('10.9.0.1')
  const socket = pair.client.enter(() =>
    openRawSocket(reactor, {
      interfaceName: 'br0',
      source,
      protocol: 112,
      onPacket: () => {},
      onMalformed: () => {},
      onError: () => {},
    }),
  )
  const message = {
    vrid: known(vrid(51)),
    priority: prio(priority),
    interval: ms(100),
    addresses: [ip(address)],
  }
  const pdu = encodeAdvertisement(message, { source, destination: vrrpGroup })
  const timer = setInterval(() => socket.send(pdu, vrrpGroup), 100)
  return () => {
    clearInterval(timer)
    socket.close()
    reactor.close()
  }
}

describe('daemon/warnings', function () {
  this.timeout(90_000)

  let pair: Pair
  afterEach(async () => pair.close())

  it('somebody else’s router with our vrid is named by both, and changes nobody’s role', async () => {
    pair = new Pair({ front: multicast })
    const { lb1, lb2 } = pair
    await pair.start()
    const stop = startRogue(pair, 254, '10.9.0.77')
    const text =
      /front: 10\.9\.0\.1 is no director of this pair and advertises vrid 51 with other addresses \(10\.9\.0\.77\): stop it, or give one of the two another vrid/
    try {
      await untilWarned(lb1, 'active', text)
      await untilWarned(lb2, 'backup', text)
      const shown = await lb1.command('status')
      assert.match(shown.out.replaceAll(/\s+/g, ' '), /! front: 10\.9\.0\.1 is no director of this pair/)
    } finally {
      stop()
    }
    const [first, second] = [await lb1.untilState('active', isCalm), await lb2.untilState('backup', isCalm)]
    for (const one of [lb1, lb2])
      assert.equal(one.lines.filter((line) => /front: Active -> /.test(line)).length, 0)
    for (const { virtualRouters } of [first, second])
      assert.ok((virtualRouters[0]?.advertisements.discarded.foreign ?? 0) > 0)
  })

  it('a third router for our own addresses is named too', async () => {
    pair = new Pair({ front: multicast })
    await pair.start()
    const stop = startRogue(pair, 50, '10.9.0.100')
    try {
      const text =
        /front: 10\.9\.0\.1 is no director of this pair and advertises vrid 51 with our own addresses/
      await untilWarned(pair.lb1, 'active', text)
      await untilWarned(
        pair.lb1,
        'active',
        /front: 10\.9\.0\.1 goes on advertising as Active \(priority 50\)/,
      )
    } finally {
      stop()
    }
    await pair.lb1.untilState('active', isCalm)
  })

  it('a peer with another interval and other addresses, until its file is mended and reloaded', async () => {
    pair = new Pair({ front: multicast })
    const { lb1, lb2 } = pair
    pair.write(
      { front: `${multicast}\nadvertisement_interval = "200ms"\naddresses = ["10.9.0.101/24"]` },
      lb2,
    )
    await pair.start()
    await untilWarned(
      lb2,
      'backup',
      /front: lb1 advertises every 100 ms, this director every 200 ms: give both/,
    )
    await untilWarned(
      lb2,
      'backup',
      /front: lb1 advertises other addresses \(10\.9\.0\.100\) than this director \(10\.9\.0\.101\): give both/,
    )
    for (const one of [lb1, lb2])
      await until('files differ', async () => {
        const status = await one.status()
        return status && warnsOf(/runs another configuration .*give both the same file and reload/)(status)
          ? true
          : undefined
      })
    pair.write({ front: multicast })
    assert.equal((await lb2.post('/v1/reload')).status, 200)
    await lb2.untilState('backup', isCalm)
    await lb1.untilState('active', isCalm)
  })

  for (const [title, theirs, text] of [
    [
      'version',
      'version = 2',
      /front: lb1 speaks VRRP version 3, this router version 2, .*same version on both/,
    ],
    [
      'password',
      'version = 2\nauthentication = { type = "simple", password = "other" }',
      /front: lb1 advertises with another password .*set the same password on both/,
    ],
  ] as const) {
    it(`a peer with another ${title}: named, and no second Active, for it is heard over the pair link`, async () => {
      const slow = `${multicast}\nadvertisement_interval = "1s"`
      pair = new Pair({
        front:
          title === 'version'
            ? slow
            : `${slow}\nversion = 2\nauthentication = { type = "simple", password = "ours" }`,
      })
      const { lb1, lb2 } = pair
      pair.write({ front: `${slow}\n${theirs}` }, lb2)
      lb1.start()
      await lb1.untilState('active')
      lb2.start()
      await untilWarned(lb2, 'backup', text)
      const status = await lb2.untilState('backup', warnsOf(/front: lb1 is alive and Active, but its adv/))
      assert.equal(status.peer?.reachable, true)
      assert.deepEqual(lb2.addresses(), [])
      await lb1.untilState('active')
      assert.equal(lb2.lines.filter((line) => /front: Backup -> Active/.test(line)).length, 0)
    })
  }

  it('a peer with another key is never silent: each says so for as long as the other is there', async () => {
    pair = new Pair()
    const { lb1, lb2 } = pair
    const text = readFileSync(lb2.configFile, 'utf8')
    const key = /key_file = "(.*)"/.exec(text)?.[1] ?? ''
    writeFileSync(`${key}.other`, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
    writeFileSync(lb2.configFile, text.replace(key, `${key}.other`))
    for (const one of [lb1, lb2]) one.start()
    for (const one of [lb1, lb2]) {
      const status = await one.untilState(
        'active',
        warnsOf(/^peer lb\d uses a different pair key.*key_file$/),
      )
      assert.equal(status.peer?.keyMatches, false)
      assert.ok(one.lines.some((line) => /uses a different pair key or pair name: give both/.test(line)))
    }
    await lb2.end('SIGTERM')
    const alone = await lb1.untilState('active', ({ peer }) => peer?.keyMatches === null)
    assert.match(alone.warnings.join(), /^peer lb2 is not reachable on the pair port[^,]*, and [^,]*$/)
  })
})
