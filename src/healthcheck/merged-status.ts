/** One status of several processes that share the checks. Pure. */
import type { HistogramReading } from './histogram.js'
import type { HealthcheckStatus } from './runtime.js'

/** Undefined for none at all. */
export function mergedStatus(parts: readonly HealthcheckStatus[]): HealthcheckStatus | undefined {
  const [only] = parts
  if (parts.length < 2) return only
  const sum = (count: (status: HealthcheckStatus) => number): number =>
    parts.reduce((total, status) => total + count(status), 0)
  const most = (value: (status: HealthcheckStatus) => number): number => Math.max(...parts.map(value))
  return {
    servers: parts.flatMap(({ servers }) => servers),
    checks: sum(({ checks }) => checks),
    running: sum(({ running }) => running),
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    inconclusive: sum(({ inconclusive }) => inconclusive),
    missedSlots: sum(({ missedSlots }) => missedSlots),
    maxLateness: most(({ maxLateness }) => maxLateness),
    durations: merged(parts.map(({ durations }) => durations)),
    lateness: merged(parts.map(({ lateness }) => lateness)),
    // What is wrong with the machine each of them says.
    warnings: [...new Set(parts.flatMap(({ warnings }) => warnings))],
    stalled: most(({ stalled }) => stalled),
  }
}

/** All have the same bounds. */
const merged = (readings: readonly HistogramReading[]): HistogramReading => ({
  bounds: readings[0]?.bounds ?? [],
  counts: (readings[0]?.counts ?? []).map((_, i) =>
    readings.reduce((sum, { counts }) => sum + (counts[i] ?? 0), 0),
  ),
  sum: readings.reduce((sum, reading) => sum + reading.sum, 0),
})
