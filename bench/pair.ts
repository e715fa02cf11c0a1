/** What the pair channel costs on one core: `node build/bench/pair.js`. */
import { createSecretKey, randomBytes } from 'node:crypto'
import { millis } from '../src/base/units.js'
import { deriveStaticKeys } from '../src/pair/derive.js'
import { noConfigHash } from '../src/pair/hello.js'
import { type PairEvent, type PairParams, type PairState, startPair, step } from '../src/pair/session.js'

const now = millis(1)
const key = createSecretKey(randomBytes(32))

class Side {
  readonly params: PairParams
  state: PairState = startPair(randomBytes(32), now)
  sent: Uint8Array[] = []

  constructor(localName: string, peerName: string) {
    const identity = { key, pairName: 'bench', channel: 'sync', localName, peerName } as const
    this.params = { identity, keys: deriveStaticKeys(identity), configHash: noConfigHash }
  }

  feed(event: PairEvent): number {
    const [state, effects] = step(this.params, this.state, event, now)
    this.state = state
    for (const effect of effects) if (effect.type === 'transmit') this.sent.push(effect.datagram)
    return effects.length
  }

  receive = (bytes: Uint8Array): number => this.feed({ type: 'datagram', bytes, fromPeer: true })
  take = (): Uint8Array[] => this.sent.splice(0)
}

function established(): readonly [Side, Side] {
  const [one, two] = [new Side('lb1', 'lb2'), new Side('lb2', 'lb1')]
  one.feed({ type: 'tick' })
  while (one.sent.length + two.sent.length > 0) {
    for (const bytes of one.take()) two.receive(bytes)
    for (const bytes of two.take()) one.receive(bytes)
  }
  return [one, two]
}

function measure(name: string, run: (i: number) => void): void {
  const count = 40_000
  for (let i = 0; i < count / 4; i++) run(i)
  const start = process.cpuUsage()
  for (let i = 0; i < count; i++) run(i)
  const { user, system } = process.cpuUsage(start)
  const perSecond = (count / (user + system)) * 1e6
  const load = (10_000 / perSecond) * 100
  console.log(
    `${name.padEnd(44)}${Math.round(perSecond).toLocaleString('en').padStart(12)} a CPU-second${load.toFixed(1).padStart(8)} % of a core at 10,000 a second`,
  )
}

for (const length of [40, 1300]) {
  const [one, two] = established()
  const message = randomBytes(length)
  measure(`seal ${length} bytes`, () => {
    one.feed({ type: 'send', message })
    one.sent.length = 0
  })
  measure(`seal and open ${length} bytes`, () => {
    one.feed({ type: 'send', message })
    for (const bytes of one.take()) two.receive(bytes)
  })
}

const [one, two] = established()
one.feed({ type: 'send', message: randomBytes(100) })
const [good = new Uint8Array(0)] = one.take()
two.receive(good)
const forged = Uint8Array.from(good, (byte, i) => (i === 27 ? byte + 1 : byte))
const foreign = Uint8Array.from(good, (byte, i) => (i === 5 ? byte ^ 1 : byte))
const stray = Uint8Array.from(good, (byte, i) => (i === 13 ? byte ^ 1 : byte))
measure('discard garbage', () => two.receive(new Uint8Array(200)))
measure('discard another key', () => two.receive(foreign))
measure('discard another session', () => two.receive(stray))
measure('discard a replay', () => two.receive(good))
measure('discard a forgery', () => two.receive(forged))
const asking = new Side('lb1', 'lb2')
asking.feed({ type: 'tick' })
const [offer = new Uint8Array(0)] = asking.take()
measure('answer or discard an offer played again', () => {
  two.receive(offer)
  two.sent.length = 0
})
