/** Run on a tmpfs of 64 KiB: fills it, lets the journal meet the full disk, makes room, and tells what became of it. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEventLines } from '../../../src/daemon/journal/event-lines.js'
import { Journal, journalName } from '../../../src/daemon/journal/journal.js'
import { VirtualClock } from '../../healthcheck/virtual-clock.js'
import { eventually } from '../../platform/eventually.js'
import { sampleEvent } from './samples.js'

const [, , directory = ''] = process.argv
const said: string[] = []
const say = (text: string): void => {
  said.push(text)
}
const clock = new VirtualClock()
const journal = new Journal()
journal.open(directory, clock, { error: say, warn: say, info: say, debug: say }, () => undefined)
const file = join(directory, journalName)
/** There is none before the first write. */
const onDisk = () => readEventLines(existsSync(file) ? readFileSync(file, 'utf8') : '').events

journal.add([sampleEvent(1)])
await eventually('the first is written', () => onDisk().length === 1)
const ballast = join(directory, 'ballast')
try {
  for (;;) writeFileSync(ballast, Buffer.alloc(1024), { flag: 'a' })
} catch {
  // It is full.
}
let id = 2
const add = (count: number): void => {
  for (const end = id + count; id < end; id++) journal.add([sampleEvent(id)])
}
// More than the rest of the file's last page.
add(60)
await eventually('it has failed', () => journal.failure !== undefined)
add(10)
const { failure } = journal
const during = journal.select({}).length
// Tried again, and full still.
await clock.advance(10_000)
await eventually('it has failed again', () => clock.armed === 1)
rmSync(ballast)
await clock.advance(10_000)
await eventually('it is written again', () => journal.failure === undefined)
await journal.close()
const after = journal.failure ?? null
const left = readdirSync(directory)
process.stdout.write(
  JSON.stringify({ failure, during, kept: id - 1, after, onDisk: onDisk().length, left, said }),
)
