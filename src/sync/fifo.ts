/** An unchanging queue with constant cost: pushed onto one list, taken from another, reversed when that ends. */
interface Cell<T> {
  readonly value: T
  readonly rest: Cell<T> | undefined
}

export interface Fifo<T> {
  readonly length: number
  readonly front: Cell<T> | undefined
  readonly back: Cell<T> | undefined
}

export const emptyFifo: Fifo<never> = { length: 0, front: undefined, back: undefined }

export const push = <T>(fifo: Fifo<T>, value: T): Fifo<T> => ({
  length: fifo.length + 1,
  front: fifo.front,
  back: { value, rest: fifo.back },
})

/** The first value and the queue without it; undefined when it is empty. */
export function shift<T>(fifo: Fifo<T>): readonly [T, Fifo<T>] | undefined {
  const front = fifo.front ?? reversed(fifo.back)
  const back = fifo.front ? fifo.back : undefined
  return front && [front.value, { length: fifo.length - 1, front: front.rest, back }]
}

function reversed<T>(list: Cell<T> | undefined): Cell<T> | undefined {
  let result: Cell<T> | undefined
  for (let cell = list; cell; cell = cell.rest) result = { value: cell.value, rest: result }
  return result
}
