/** How often each word is there. */
export interface Tally {
  /** Answers how often it is there now. */
  add(word: string): number
  remove(word: string): void
}

export function tallyOf(words: readonly string[]): Tally {
  const counts = new Map<string, number>()
  const tally: Tally = {
    add(word) {
      const count = (counts.get(word) ?? 0) + 1
      counts.set(word, count)
      return count
    },
    remove(word) {
      const count = (counts.get(word) ?? 0) - 1
      if (count > 0) counts.set(word, count)
      else counts.delete(word)
    },
  }
  for (const word of words) tally.add(word)
  return tally
}
