/** Lives the seeds that it is told, and answers with what came of each range. */
import { parentPort } from 'node:worker_threads'
import { livePair } from './directors/scenario.js'
import { live, type Outcome, SeedFailure } from './scenario.js'
import { type SeedRange, type Tally, tallyOf } from './tally.js'

export type WorkerAnswer = { readonly tally: Tally } | { readonly seed: number; readonly text: string }

async function answer({ kind, first, count }: SeedRange): Promise<WorkerAnswer> {
  const outcomes: Outcome[] = []
  try {
    for (let seed = first; seed < first + count; seed++)
      outcomes.push(kind === 'machines' ? live(seed) : await livePair(seed))
    return { tally: tallyOf(outcomes) }
  } catch (error) {
    if (error instanceof SeedFailure) return { seed: error.seed, text: error.message }
    throw error
  }
}

parentPort?.on('message', (range: SeedRange) => {
  void answer(range).then((answered) => parentPort?.postMessage(answered))
})
