/** Sockets that this process holds, the platform's and Node's. */
import { readdirSync, readlinkSync } from 'node:fs'

export const openSockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false // the one that lists the folder
    }
  }).length

/** A closed one may take a turn of the loop to go. */
export async function socketsGone(before: number): Promise<boolean> {
  for (let turn = 0; turn < 2_000; turn++) {
    if (openSockets() <= before) return true
    await new Promise((resolve) => setImmediate(resolve))
  }
  return false
}
