/** Many lives at once: a worker thread for each processor, seeds handed out in order. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { addTallies, type LifeKind, noLives, type SeedRange, type Tally } from './tally.js'
import type { WorkerAnswer } from './worker.js'

const rangeSize = 10

export class CrowdFailure extends Error {
  constructor(
    readonly seed: number,
    text: string,
  ) {
    super(text)
    this.name = 'CrowdFailure'
  }
}

/** Lives of one kind from seed `first` on until `hours` are reached, whatever their number. Throws `CrowdFailure`. */
export async function liveMany(kind: LifeKind, first: number, hours: number): Promise<Tally> {
  let next = first
  let tally = noLives
  const take = (): SeedRange | undefined => {
    if (tally.virtualHours >= hours) return undefined
    next += rangeSize
    return { kind, first: next - rangeSize, count: rangeSize }
  }
  const workers = Array.from({ length: availableParallelism() }, () => newWorker())
  try {
    await Promise.all(
      workers.map((worker) =>
        work(worker, take, (part) => {
          tally = addTallies(tally, part)
        }),
      ),
    )
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  return tally
}

const newWorker = (): Worker => new Worker(new URL('./worker.js', import.meta.url))

function work(worker: Worker, take: () => SeedRange | undefined, done: (part: Tally) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      const range = take()
      if (range) worker.postMessage(range)
      else resolve()
    }
    worker.on('error', reject)
    worker.on('message', (answer: WorkerAnswer) => {
      if ('seed' in answer) return reject(new CrowdFailure(answer.seed, answer.text))
      done(answer.tally)
      go()
    })
    go()
  })
}
