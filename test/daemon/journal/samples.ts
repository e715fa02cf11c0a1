import type { DirectorEvent, EventType } from '../../../src/base/events.js'

export const sampleEvent = (id: number, type: EventType = 'router.role'): DirectorEvent => ({
  id,
  at: 1_763_870_000_000 + id,
  type,
  subject: 'front',
  state: id % 2 === 0 ? 'backup' : 'active',
  before: undefined,
  reason: `because of ${id}`,
})
