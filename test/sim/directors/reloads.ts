/** Other files for a running pair: settings that change without an election. */
import { type Millis, millis } from '../../../src/base/units.js'
import type { SeededRandom } from '../random.js'
import { leaseFor, moreAddresses, type PairFile } from './pair-file.js'

export function otherFile(file: PairFile, random: SeededRandom): PairFile {
  const kinds: readonly [() => PairFile, ...(() => PairFile)[]] = [
    () => otherInterval(file, random),
    () => otherLease(file, random),
    () => otherAddresses(file, random),
    () => file.with(({ garp }) => ({ garp: { ...garp, count: random.integer(1, 5) } })),
    () => otherAddresses(otherLease(otherInterval(file, random), random), random),
  ]
  return random.pick(kinds)()
}

function otherInterval(file: PairFile, random: SeededRandom): PairFile {
  const wanted = Math.min(Math.max(file.interval * random.pick([0.5, 1, 2]), 100), 10_000)
  // On the wire it is in centiseconds.
  const interval = millis(Math.round(wanted / 10) * 10)
  const lease = (before: Millis | undefined) => before && leaseFor(interval, before)
  return file.with((router) => ({ advertisementInterval: interval, lease: lease(router.lease) }))
}

function otherLease(file: PairFile, random: SeededRandom): PairFile {
  const wanted = random.pick([1_000, 3_000, 10_000, undefined])
  const lease = wanted === undefined ? undefined : leaseFor(file.interval, wanted)
  return file.with(() => ({ lease }))
}

/** With the second address of each router, or without. */
function otherAddresses(file: PairFile, random: SeededRandom): PairFile {
  return file.with(({ name, addresses: [first] }) => {
    if (!first) throw new Error('a router without addresses')
    const more = name === 'back' ? moreAddresses.back : moreAddresses.front
    return { addresses: random.chance(0.5) ? [first, more] : [first] }
  })
}
