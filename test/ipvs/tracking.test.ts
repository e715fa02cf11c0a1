import assert from 'node:assert/strict'
import { toHex } from '../../src/base/bytes.js'
import type { Log, Netlink, NetlinkRequest } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import {
  type AddressRoles,
  type SourcePortsFact,
  startTracking,
} from '../../src/ipvs/full-nat/tracking/runtime.js'
import {
  CT_DELETE,
  CT_GET,
  CT_NEW,
  encodeOriginal,
  encodeRenewal,
  encodeTranslation,
  type Tracked,
} from '../../src/ipvs/full-nat/tracking-codec.js'
import { FakeClock, settled } from './fake-machine.js'
import { ports } from './rulesets.js'
import { end, tracked, translation } from './tracking-samples.js'

const a = translation('10.0.0.9:5000', '10.0.0.21:8080', 5000)
const b = translation('10.0.0.10:5000', '10.0.0.21:8080', 61_234)
const web = ports('tcp', '10.0.0.100', 80, 80, 8080)
const virtual = end('10.0.0.100:80').address
const here: AddressRoles = { active: [virtual], standby: [] }
const there: AddressRoles = { active: [], standby: [virtual] }

/** As the kernel dumps it. */
function dumped({ protocol, client, virtual: to, server, source }: Tracked): Uint8Array {
  const reply = encodeOriginal({ protocol, client: server, virtual: source }).subarray(4)
  const both = Buffer.concat([encodeOriginal({ protocol, client, virtual: to }), reply])
  both[both.length - reply.length + 2] = 2
  return both
}

const tableRow = (client: string, expires: number) =>
  `TCP 0A0000${client} 1388 0A000064 0050 0A000015 1F90 ESTABLISHED     ${expires}\n`

class Machine {
  readonly clock = new FakeClock()
  readonly facts: SourcePortsFact[] = []
  readonly lines: string[] = []
  readonly changes: string[] = []
  tracked: readonly Tracked[] = []
  table = ''
  failure: OpError | undefined

  readonly netlink: Netlink = {
    exchange: async (requests) => requests.map((request) => this.answer(request)),
    close: () => {},
  }

  private answer({ type, payload }: NetlinkRequest) {
    if (this.failure) throw this.failure
    const done = { code: 'OK', messages: [], interrupted: false }
    if (type !== CT_GET) {
      this.changes.push(`${type} ${toHex(payload)}`)
      return done
    }
    const messages = this.tracked.map((one) => ({ type: CT_NEW, flags: 0, payload: dumped(one) }))
    return { ...done, messages }
  }

  start() {
    const note = (line: string) => void this.lines.push(line)
    const log: Log = { error: note, warn: note, info: () => {}, debug: () => {} }
    const readConnectionTable = async function* (this: Machine) {
      yield Buffer.from(this.table)
    }.bind(this)
    const { clock, netlink } = this
    const tracking = startTracking({ clock, log, openNetlink: () => netlink, readConnectionTable }, (fact) =>
      this.facts.push(fact),
    )
    tracking.configure([web])
    return tracking
  }

  async rest(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await settled()
  }
}

const made = (type: number, payload: Uint8Array): string => `${type} ${toHex(payload)}`

describe('tracking of full NAT', () => {
  it('tells of displaced source ports where traffic passes, when they change, and is silent elsewhere', async () => {
    const machine = new Machine()
    machine.tracked = [tracked(a), tracked(b)]
    const tracking = machine.start()
    await machine.rest()
    assert.deepEqual(machine.facts, [])
    tracking.rolesChanged(here)
    await machine.rest()
    await machine.clock.advance(5000)
    await machine.rest()
    assert.deepEqual(machine.facts, [{ type: 'sourcePorts', translations: [b] }])
    machine.tracked = []
    await machine.clock.advance(5000)
    await machine.rest()
    tracking.rolesChanged(there)
    await machine.rest()
    assert.deepEqual(
      machine.facts.slice(1).map(({ translations }) => translations),
      [[], undefined],
    )
  })

  it('has the peer’s displaced connections tracked before they come', async () => {
    const machine = new Machine()
    machine.tracked = [tracked({ ...b, sourcePort: 5000 })]
    const tracking = machine.start()
    tracking.peerSourcePorts([b])
    await machine.rest()
    assert.deepEqual(machine.changes, [])
    tracking.rolesChanged(there)
    await machine.rest()
    assert.deepEqual(machine.changes, [
      made(CT_DELETE, encodeOriginal(b)),
      made(CT_NEW, encodeTranslation(b, 600, 3)),
    ])
  })

  it('takes over the connections of the table, each with the port that the peer had for it', async () => {
    const machine = new Machine()
    const tracking = machine.start()
    tracking.rolesChanged(there)
    tracking.peerSourcePorts([b])
    await machine.rest()
    machine.changes.length = 0
    machine.tracked = [tracked(b)]
    machine.table = tableRow('09', 800) + tableRow('0A', 700)
    tracking.rolesChanged(here)
    await machine.rest()
    assert.deepEqual(machine.changes, [
      made(CT_NEW, encodeRenewal(b, 700, 3)),
      made(CT_NEW, encodeTranslation(a, 800, 3)),
    ])
    machine.changes.length = 0
    machine.tracked = [tracked(a), tracked(b)]
    await machine.clock.advance(5000)
    await machine.rest()
    assert.deepEqual(machine.changes, [])
  })

  it('complains once while the kernel has no such tracking, and goes on when it has', async () => {
    const machine = new Machine()
    machine.failure = new OpError('exchange', 'netlink 12', 'EPERM')
    machine.table = tableRow('09', 800)
    const tracking = machine.start()
    tracking.rolesChanged(here)
    for (let time = 0; time < 3; time++) {
      await machine.rest()
      await machine.clock.advance(5000)
    }
    assert.deepEqual(machine.lines, ['full NAT: exchange netlink 12: EPERM'])
    machine.failure = undefined
    await machine.clock.advance(5000)
    await machine.rest()
    assert.deepEqual(machine.changes, [made(CT_NEW, encodeTranslation(a, 800, 3))])
  })
})
