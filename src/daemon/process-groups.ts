/** Ends what a process has left behind that was killed, and forgets it. */
export function endGroups(groups: Set<number>): void {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL')
    } catch {
      // ESRCH: it has ended since.
    }
  }
  groups.clear()
}
