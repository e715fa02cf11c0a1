/** The journal on real files; the full disk is a small tmpfs. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DirectorEvent } from '../../../src/base/events.js'
import { eventLine } from '../../../src/daemon/journal/event-lines.js'
import { Journal, journalName } from '../../../src/daemon/journal/journal.js'
import { KeptEvents } from '../../../src/daemon/journal/kept-events.js'
import { VirtualClock } from '../../healthcheck/virtual-clock.js'
import { eventually } from '../../platform/eventually.js'
import { sampleEvent } from './samples.js'

describe('daemon/journal', () => {
  let directory = ''
  let clock: VirtualClock
  let said: string[] = []
  const log = {
    error: (text: string) => said.push(text),
    warn: (text: string) => said.push(text),
    info: (text: string) => said.push(text),
    debug: () => {},
  }
  const path = (): string => join(directory, journalName)
  const open = (kept = new KeptEvents(), other?: string): Journal => {
    const journal = new Journal(kept)
    journal.open(directory, clock, log, () => other)
    return journal
  }
  const ids = (journal: Journal): readonly number[] => journal.select({}).map(({ id }) => id)
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-journal-'))
    clock = new VirtualClock()
    said = []
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('has after a restart what there was, and goes on', async () => {
    const first = open()
    first.add([sampleEvent(1), sampleEvent(2)])
    await first.close()
    const second = open()
    deepEqual(ids(second), [1, 2])
    equal(second.newest?.id, 2)
    second.add([sampleEvent(3)])
    await second.close()
    deepEqual(ids(open()), [1, 2, 3])
    deepEqual(said, [])
    equal(statSync(path()).mode & 0o777, 0o640 & ~process.umask())
  })

  it('drops a torn last line with a word, and leaves a whole file', async () => {
    writeFileSync(path(), eventLine(sampleEvent(1)) + eventLine(sampleEvent(2)).slice(0, 20))
    const journal = open()
    deepEqual(ids(journal), [1])
    match(said.join(), /events\.jsonl: the last line was not written to its end, and is dropped/)
    journal.add([sampleEvent(3)])
    await journal.close()
    equal(readFileSync(path(), 'utf8'), [1, 3].map((id) => eventLine(sampleEvent(id))).join(''))
  })

  it('does not grow: the file has at most twice what is kept, and a thousand lines', async () => {
    const journal = open(new KeptEvents(100))
    const written = (id: number): boolean =>
      existsSync(path()) && readFileSync(path(), 'utf8').includes(`"id":${id},`)
    for (let id = 1; id <= 6_000; id++) {
      journal.add([sampleEvent(id)])
      if (id % 100 === 0) await eventually('it is written', () => written(id))
    }
    await journal.close()
    const lines = readFileSync(path(), 'utf8').split('\n').length - 1
    ok(lines <= 2 * 125 + 1_000, `${lines}`)
    const again = open(new KeptEvents(100))
    equal(again.newest?.id, 6_000)
    ok(ids(again).length >= 100)
    deepEqual(readdirSync(directory), [journalName])
  })

  it('tells followers of what comes, until they go', () => {
    const journal = open()
    const heard: DirectorEvent[] = []
    const end = journal.follow((events) => heard.push(...events))
    journal.add([sampleEvent(1)])
    equal(journal.following, 1)
    end()
    journal.add([sampleEvent(2)])
    deepEqual(heard, [sampleEvent(1)])
    equal(journal.following, 0)
  })

  it('keeps events in memory, and says so, where another daemon writes or there can be no directory', () => {
    const shared = open(undefined, 'process 7')
    shared.add([sampleEvent(1)])
    deepEqual(ids(shared), [1])
    match(shared.failure ?? '', /^process 7 writes its events to /)
    ok(!existsSync(path()))
    writeFileSync(path(), '')
    const nowhere = new Journal()
    nowhere.open(join(path(), 'below'), clock, log, () => undefined)
    nowhere.add([sampleEvent(1)])
    deepEqual(ids(nowhere), [1])
    match(nowhere.failure ?? '', /ENOTDIR/)
    match(said.join('\n'), /events are kept in memory only: ENOTDIR/)
  })

  it('a file that is no journal is begun anew', async () => {
    writeFileSync(path(), Buffer.alloc(100_000, 7))
    chmodSync(path(), 0o600)
    const journal = open()
    journal.add([sampleEvent(1)])
    await journal.close()
    equal(readFileSync(path(), 'utf8'), eventLine(sampleEvent(1)))
    match(said.join(), /is dropped/)
  })

  it('a full disk costs events on disk only while it is full: then all that is kept is there again', function () {
    this.timeout(30_000)
    const script = fileURLToPath(new URL('./full-disk.js', import.meta.url))
    const words = ['--mount', '--propagation', 'private', 'sh', '-c']
    const mounted = `mount -t tmpfs -o size=64k,nr_inodes=16 none ${directory} && exec ${process.execPath} ${script} ${directory}`
    const { status, stdout, stderr } = spawnSync('unshare', [...words, mounted], { encoding: 'utf8' })
    equal(status, 0, stderr)
    const { failure, during, kept, after, onDisk, left, said: lines } = JSON.parse(stdout)
    match(failure, /ENOSPC/)
    equal(during, kept)
    equal(after, null)
    equal(onDisk, kept)
    deepEqual(left, [journalName])
    deepEqual(
      lines.map((line: string) => line.split(':')[0]?.split(' to ')[0]),
      ['events are kept in memory only', 'events are written'],
    )
  })
})
