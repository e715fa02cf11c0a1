/** CLOCK_MONOTONIC in ms: the same in every process of this machine, whatever its namespace. */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
