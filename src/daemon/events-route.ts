/** `GET /v1/events`: the list of what is kept, or server-sent events of it and of what comes. */
import { type DirectorEvent, type EventType, isEventType, toldEvent } from '../base/events.js'
import type { Asked } from './find-route.js'
import type { Journal } from './journal/journal.js'
import type { EventQuery } from './journal/kept-events.js'
import { Refusal } from './refusal.js'
import { StreamAnswer } from './stream-answer.js'

/** Each keeps one of the socket's connections, and commands need some. */
const mostFollowers = 16

/**
 * `since` (a generation), `last` (a number), `type` (several with commas). Server-sent events when the client
 * accepts them: without `since`, `last` or `Last-Event-ID` only what comes. Throws `Refusal`.
 */
export function answerEvents(journal: Journal, director: string, { query, headers }: Asked): unknown {
  const asked = eventQuery(query)
  if (!/\btext\/event-stream\b/.test(headers.accept ?? ''))
    return { director, events: journal.select(asked).map((event) => toldEvent(director, event)) }
  if (journal.following >= mostFollowers)
    throw new Refusal(409, `${mostFollowers} clients follow the events already`)
  // A client that comes back: the address that it asks is still that of its first request.
  const heard = headers['last-event-id']?.toString()
  const resumed: EventQuery =
    heard === undefined ? asked : { ...asked, last: undefined, since: wholeNumber('Last-Event-ID', heard) }
  const { types = [], since, last } = resumed
  return new StreamAnswer('text/event-stream', (send) => {
    const tell = (events: readonly DirectorEvent[]): void =>
      send(events.map((event) => serverSentEvent(director, event)).join(''))
    send(`retry: 1000\n\n`)
    if (since !== undefined || last !== undefined) tell(journal.select(resumed))
    return journal.follow((events) =>
      tell(types.length === 0 ? events : events.filter(({ type }) => types.includes(type))),
    )
  })
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html; JSON has no line breaks. */
const serverSentEvent = (director: string, event: DirectorEvent): string =>
  `id: ${event.id}\ndata: ${JSON.stringify(toldEvent(director, event))}\n\n`

function eventQuery(query: URLSearchParams): EventQuery {
  const unknown = [...query.keys()].find((name) => !['since', 'last', 'type'].includes(name))
  if (unknown !== undefined)
    throw new Refusal(400, `unknown parameter ${JSON.stringify(unknown.slice(0, 60))}`)
  const [since, last, types] = [query.get('since'), query.get('last'), query.get('type')]
  return {
    since: since === null ? undefined : wholeNumber('since', since),
    last: last === null ? undefined : wholeNumber('last', last),
    types: types === null ? [] : types.split(',').map(eventType),
  }
}

function eventType(text: string): EventType {
  if (isEventType(text)) return text
  throw new Refusal(400, `no event type ${JSON.stringify(text.slice(0, 60))}`)
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new Refusal(400, `${name}: ${JSON.stringify(text.slice(0, 60))} is no whole number`)
  return Number(text)
}
