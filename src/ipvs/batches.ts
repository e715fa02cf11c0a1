/** How operations are grouped into sends. */
import type { Operation } from './operation.js'
import { isRemoval } from './operation.js'

/** More messages than this in one send risk that their error replies overflow the receive buffer. */
export const maxBatch = 128

/**
 * Cuts where additions end and removals begin, so that a failed addition is known before anything that
 * relies on it is removed; a sync daemon goes alone, for the kernel may leave it unanswered.
 */
export function batches(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const all: Operation[][] = []
  let current: Operation[] = []
  let currentClass = ''
  for (const operation of operations) {
    const alone = 'daemon' in operation
    const itsClass = isRemoval(operation) ? 'removal' : 'addition'
    if (alone || itsClass !== currentClass || current.length === maxBatch) {
      current = []
      all.push(current)
    }
    current.push(operation)
    currentClass = alone ? '' : itsClass
  }
  return all
}
