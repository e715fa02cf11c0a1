import assert from 'node:assert/strict'
import type { Clock, NetlinkRequest } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import { type Millis, millis } from '../../src/base/units.js'
import { SystemClock } from '../../src/platform/clock.js'
import { NETLINK_GENERIC, resolveFamily } from '../../src/platform/generic-netlink.js'
import { NetlinkExchange } from '../../src/platform/netlink-exchange.js'
import { NLM_F } from '../../src/platform/netlink-message.js'
import { Reactor } from '../../src/platform/reactor.js'
import {
  addressDump,
  decodeAddress,
  deleteAddress,
  linkDump,
  NETLINK_ROUTE,
  newAddress,
} from '../../src/platform/rtnetlink.js'
import { prefix } from './addresses.js'
import { createNamespace, type Namespace } from './namespace.js'

const patience = millis(10_000)
const lo = 1

const ack = (request: NetlinkRequest): NetlinkRequest => ({ ...request, flags: request.flags | NLM_F.ACK })
/** Adds and, unlike `newAddress` alone, refuses what is there already. */
const addOnly = (text: string): NetlinkRequest => {
  const request = newAddress(lo, prefix(text), undefined)
  return { ...request, flags: (request.flags & ~NLM_F.REPLACE) | 0x200 }
}

describe('netlink exchange', function () {
  this.timeout(20_000)
  let reactor: Reactor
  let clock: SystemClock
  let namespace: Namespace
  let netlink: NetlinkExchange
  const openWith = (its: Clock): NetlinkExchange =>
    namespace.enter(() => new NetlinkExchange(reactor, its, NETLINK_ROUTE))

  beforeEach(() => {
    reactor = Reactor.open()
    clock = new SystemClock(reactor)
    namespace = createNamespace()
    netlink = openWith(clock)
  })
  afterEach(() => {
    netlink.close()
    reactor.close()
    namespace.close()
  })

  const addresses = async (): Promise<number> => {
    const [reply] = await netlink.exchange([addressDump()], patience)
    return (
      reply?.messages.filter(({ payload }) => decodeAddress(payload)?.prefix.address.family === 4).length ?? 0
    )
  }

  it('reads a dump of many parts', async () => {
    const requests = Array.from({ length: 600 }, (_, i) => addOnly(`10.${i >> 8}.${i & 255}.1/32`))
    for (let i = 0; i < requests.length; i += 100) {
      const replies = await netlink.exchange(requests.slice(i, i + 100), patience)
      assert.ok(replies.every(({ code }) => code === 'OK'))
    }
    assert.equal(await addresses(), 601)
  })

  it('maps each error of a batch to its request, and the rest applies', async () => {
    const replies = await netlink.exchange(
      [
        addOnly('10.0.0.1/32'), // not acknowledged: its success is silent
        addOnly('10.0.0.1/32'),
        ack(addOnly('10.0.0.2/32')),
        deleteAddress(lo, prefix('10.0.0.77/32')),
        addOnly('10.0.0.3/32'),
        newAddress(4711, prefix('10.0.0.4/32'), undefined),
        addOnly('10.0.0.5/32'), // the last, acknowledged unasked
      ],
      patience,
    )
    assert.deepEqual(
      replies.map(({ code }) => code),
      ['OK', 'EEXIST', 'OK', 'EADDRNOTAVAIL', 'OK', 'ENODEV', 'OK'],
    )
    assert.equal(await addresses(), 5)
  })

  it('answers a single request with its message', async () => {
    const request = { ...linkDump(), flags: 0, payload: linkByIndex(lo) }
    const [reply] = await netlink.exchange([request], patience)
    assert.equal(reply?.code, 'OK')
    assert.equal(reply?.messages.length, 1)
  })

  it('keeps dumps and batches apart by doing one after the other', async () => {
    const results = await Promise.all([
      netlink.exchange([linkDump()], patience),
      netlink.exchange([ack(addOnly('10.0.0.1/32'))], patience),
      netlink.exchange([addressDump()], patience),
      netlink.exchange([ack(addOnly('10.0.0.1/32'))], patience),
    ])
    assert.deepEqual(
      results.map(([reply]) => reply?.code),
      ['OK', 'OK', 'OK', 'EEXIST'],
    )
  })

  it('gives up a silent exchange and ignores its late replies', async () => {
    const timers: (() => void)[] = []
    const fake: Clock = {
      now: () => clock.now(),
      wall: () => 0,
      at: (_deadline: Millis, run) => {
        timers.push(run)
        return { cancel: () => {} }
      },
      afterPendingInput: (run) => run(),
    }
    const impatient = openWith(fake)
    const first = impatient.exchange([addressDump()], millis(1))
    const second = impatient.exchange([linkDump()], millis(1))
    timers[0]?.() // before any reply has been read
    await assert.rejects(first, (error: OpError) => error instanceof OpError && error.code === 'timeout')
    const [reply] = await second
    assert.equal(reply?.code, 'OK')
    assert.ok(reply?.messages.every(({ type }) => type === 16))
    impatient.close()
  })

  it('believes a late timer only after it has read what waits', async () => {
    const exchange = netlink.exchange([linkDump()], millis(5))
    const end = clock.now() + 50
    while (clock.now() < end);
    const [reply] = await exchange
    assert.equal(reply?.code, 'OK')
  })

  it('rejects what overflowed, survives, and works on', async () => {
    const flood = Array.from({ length: 4000 }, () => ack(deleteAddress(lo, prefix('10.1.1.1/32'))))
    await assert.rejects(netlink.exchange(flood, patience), /exchange netlink 0: ENOBUFS/)
    assert.equal(await addresses(), 1)
  })

  it('refuses more than its queue holds, and everything once closed', async () => {
    const all = Array.from({ length: 1100 }, () => netlink.exchange([linkDump()], patience))
    const settled = Promise.allSettled(all)
    netlink.close()
    const codes = new Set(
      (await settled).map((result) =>
        result.status === 'rejected' ? (result.reason as OpError).code : 'OK',
      ),
    )
    assert.deepEqual(codes, new Set(['EBADF', 'EBUSY']))
    await assert.rejects(netlink.exchange([linkDump()], patience), /EBADF/)
  })

  it('finds a generic family by name', async () => {
    const generic = new NetlinkExchange(reactor, clock, NETLINK_GENERIC)
    assert.equal(await resolveFamily(generic, 'nlctrl', patience), 16)
    await assert.rejects(
      resolveFamily(generic, 'NO_SUCH_FAMILY', patience),
      /resolve netlink family NO_SUCH_FAMILY: ENOENT/,
    )
    generic.close()
  })
})

/** struct ifinfomsg that asks for one interface. */
function linkByIndex(index: number): Uint8Array {
  const payload = new Uint8Array(16)
  new DataView(payload.buffer).setUint32(4, index, true)
  return payload
}
