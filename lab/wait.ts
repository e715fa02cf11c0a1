/**
 * Patience is for finding out that something is broken, not a measure: a guest that shares a busy machine is
 * given this much more of it. What is claimed of time is measured and asserted on its own.
 */
export const busyMachine = 4

/** Asks again until the answer is no longer undefined; throws with the last thing seen when time is up. */
export async function until<T>(
  what: string,
  patience: number,
  ask: () => Promise<T | undefined> | T | undefined,
  seen: () => unknown = () => undefined,
): Promise<T> {
  const deadline = performance.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() >= deadline) {
      const last = seen()
      const detail = last === undefined ? '' : `; last seen: ${JSON.stringify(last)}`
      throw new Error(`not within ${patience / 1000} s: ${what}${detail}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
