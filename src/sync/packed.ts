/** Records by the message. */
import { relayLimits } from './relay.js'
import { relayHeaderLength } from './relay-message.js'

/** In lists that each fit one message. */
export function* packed(records: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let list: Uint8Array[] = []
  let length = relayHeaderLength
  for (const record of records) {
    if (length + record.length > relayLimits.messageLength) {
      yield list
      list = []
      length = relayHeaderLength
    }
    list.push(record)
    length += record.length
  }
  if (list.length > 0) yield list
}
