import { strict as assert } from 'node:assert'
import { formatIp } from '../../../src/base/ip.js'
import { decodeKernelMessage } from '../../../src/sync/kernel-message.js'
import { connectionKey, decodeKernelRecord, type KernelRecord } from '../../../src/sync/kernel-record.js'
import { TableLines } from '../../../src/sync/snapshot/table-lines.js'
import { type Persistence, recordOfRow } from '../../../src/sync/snapshot/table-row.js'
import { connectionTable, kernelMessages } from '../../vectors/kernel-sync.js'

const persistence: Persistence = (protocol, virtual, port) =>
  protocol === 6 && formatIp(virtual) === '10.0.0.102' && port === 80 ? 300 : undefined

const rowOf = (line: string): KernelRecord => {
  const bytes = recordOfRow(line, persistence)
  assert.ok(typeof bytes !== 'string', `refused: ${bytes}`)
  const record = decodeKernelRecord(bytes)
  assert.ok(record)
  return record
}

/** Flags without the method, which the receiving kernel takes from its own destination. */
const meaning = ({ flags, state }: KernelRecord): string => `${(flags & ~0x87).toString(16)} ${state}`

describe('connection table row', () => {
  const rows = connectionTable.split('\n').slice(1, -1)

  it('names the same connections as the kernel’s own records', () => {
    const told = new Set(
      kernelMessages.flatMap((hex) => {
        const message = decodeKernelMessage(Buffer.from(hex, 'hex'))
        assert.ok(message.ok)
        return message.value.records.map(connectionKey)
      }),
    )
    const lines = new TableLines(persistence, (problem) => assert.fail(problem))
    const keys = new Set<string>()
    for (const byte of Buffer.from(connectionTable)) {
      for (const record of lines.records(Uint8Array.of(byte))) keys.add(connectionKey(record))
    }
    assert.deepEqual(keys, told)
  })

  it('says of each what the kernel’s last record of it says', () => {
    const last = new Map<string, KernelRecord>()
    for (const hex of kernelMessages) {
      const message = decodeKernelMessage(Buffer.from(hex, 'hex'))
      assert.ok(message.ok)
      for (const bytes of message.value.records) {
        const record = decodeKernelRecord(bytes)
        assert.ok(record)
        last.set(connectionKey(bytes), record)
      }
    }
    let compared = 0
    for (const line of rows) {
      const bytes = recordOfRow(line, persistence)
      assert.ok(typeof bytes !== 'string')
      const row = decodeKernelRecord(bytes)
      const told = last.get(connectionKey(bytes))
      // Of a connection that has moved on since, the table knows more than the wire.
      if (!row || !told || row.state !== told.state) continue
      assert.equal(meaning(row), meaning(told), line)
      assert.deepEqual([row.destination, row.destinationPort], [told.destination, told.destinationPort])
      compared++
    }
    assert.ok(compared >= 9)
  })

  const line = (state: string, protocol = 'TCP', port = '9A70') =>
    `${protocol} 0A000001 ${port} 0A000064 0050 0A000015 0050 ${state.padEnd(11)} 119`
  const kinds = [
    [line('ESTABLISHED'), '0 1'],
    [line('SYN_RECV'), '0 3'],
    [line('SYNACK'), '0 10'],
    [line('FIN_WAIT'), '100 4'],
    [line('CLOSE'), '100 6'],
    [line('UDP', 'UDP'), '100 0'],
    [line('NONE', 'TCP', '0000'), '1100 0'],
    [line('ASSURED', 'TCP', '0000'), '1100 1'],
  ] as const
  for (const [text, expected] of kinds) {
    it(`reads ${text.slice(40)} as flags and state ${expected}`, () =>
      assert.equal(meaning(rowOf(text)), expected))
  }

  it('gives a template its service’s time, or what it has left, and connections the kernel’s', () => {
    assert.equal(rowOf(line('ASSURED', 'TCP', '0000')).timeoutSeconds, 119)
    assert.equal(rowOf(line('ASSURED', 'TCP', '0000').replace('0A000064', '0A000066')).timeoutSeconds, 300)
    assert.equal(rowOf(line('ESTABLISHED')).timeoutSeconds, 0)
  })

  it('takes the mark of a template from where its address would be', () => {
    const record = rowOf('IP  0A000001 0000 00000007 0000 0A000015 0050 ASSURED         250')
    assert.deepEqual(
      [record.protocol, record.fwmark, record.virtual.bytes],
      [0, 7, Uint8Array.of(0, 0, 0, 7)],
    )
  })

  const refused = [
    ['', 'malformed'],
    ['TCP 0A000001 9A70 0A000064', 'malformed'],
    [line('ESTABLISHED').replace('0A000001', '0A00001'), 'malformed'],
    [line('ESTABLISHED').replace('119', '-1'), 'malformed'],
    [line('ESTABLISHED', 'GRE'), 'malformed'],
    [line('UNHEARD_OF'), 'state'],
    [line('ESTABLISHED', 'UDP'), 'state'],
    [`${line('ESTABLISHED')} sip 12345@host`, 'engine'],
  ] as const
  for (const [text, problem] of refused) {
    it(`refuses ${JSON.stringify(text)}: ${problem}`, () =>
      assert.equal(recordOfRow(text, persistence), problem))
  }

  it('reads lines that end anywhere, and counts what it cannot carry', () => {
    const problems: string[] = []
    const lines = new TableLines(persistence, (problem) => problems.push(problem))
    const text = Buffer.from(`${connectionTable}${line('UNHEARD_OF')}\n`)
    let count = 0
    for (let at = 0; at < text.length; at += 77) count += lines.records(text.subarray(at, at + 77)).length
    assert.deepEqual([count, problems], [rows.length, ['state']])
  })
})
