/** Proof that a check leaves no socket behind. */
import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'

function socketsHeld(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const what = readlinkSync(`/proc/self/fd/${fd}`)
      return what.startsWith('socket:') ? [what] : []
    } catch {
      return []
    }
  })
}

/** Around each test of the suite: what it opens, its servers' too, must be gone at its end. */
export function noSocketStays(): void {
  let before: readonly string[]
  beforeEach(() => {
    before = socketsHeld()
  })
  afterEach(async () => {
    let left: readonly string[] = []
    // A closed socket may take some turns of the loop to go.
    for (let turn = 0; turn < 2_000; turn++) {
      left = socketsHeld().filter((socket) => !before.includes(socket))
      if (left.length === 0) return
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.deepEqual(left, [])
  })
}
