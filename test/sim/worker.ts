/** Lives the seeds that it is told, and answers with what came of each range. */
import { parentPort } from 'node:worker_threads'
import { live, SeedFailure } from './scenario.js'
import { type SeedRange, type Tally, tallyOf } from './tally.js'

export type WorkerAnswer = { readonly tally: Tally } | { readonly seed: number; readonly text: string }

function answer({ first, count }: SeedRange): WorkerAnswer {
  try {
    return { tally: tallyOf(Array.from({ length: count }, (_, i) => live(first + i))) }
  } catch (error) {
    if (error instanceof SeedFailure) return { seed: error.seed, text: error.message }
    throw error
  }
}

parentPort?.on('message', (range: SeedRange) => parentPort?.postMessage(answer(range)))
