/** `[[hook]]`: who hears of what happens. */
import { type EventType, eventTypes } from '../../base/events.js'
import { keyed, list, mapOf } from '../collections.js'
import { type CompleteOf, type DraftOf, defaulted, optional, required } from '../schema.js'
import { table } from '../table.js'
import { choice, duration, flag, parsed, type Refusal, text } from '../values.js'
import { absolutePath, name } from './machine.js'
import { command, defaultUser, userName } from './program.js'

/** RFC 9110 section 5.6.2: token. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** What is wrong is told without repeating it: it may hold a secret. */
const webAddress = parsed(
  'a URL such as "https://example.com/vipair"',
  (value: string): string | Refusal => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (!url) return { message: 'this is not a URL' }
    return url.protocol === 'https:' || url.protocol === 'http:'
      ? value
      : { message: `${url.protocol} is no web address` }
  },
  (value): value is Refusal => typeof value !== 'string',
)

const types = Object.keys(eventTypes) as EventType[]

const common = {
  name: optional(name, "What status and log call it; by default the program's name, or the host of the URL."),
  on: required(
    list(choice([...types, '*']), {
      expected: 'a list of events such as ["router.role", "service.health"], or ["*"]',
      atLeast: 1,
    }),
    'The events that it is told; "*": all of them.',
  ),
  timeout: defaulted(duration({ from: '100ms', to: '5m' }), '10s', 'After this time a delivery has failed.'),
  retry_for: defaulted(
    duration({ from: '1s', to: '24h', zero: 'until something newer is to be told of the same' }),
    '10m',
    'How long one event is tried again, at growing intervals, before the next one is told.',
  ),
}
const synonyms = { events: 'on', notify: 'command', webhook: 'url', exec: 'command', script: 'command' }

const commandHook = table(
  {
    ...common,
    command: required(
      command,
      'Gets the event as JSON on its standard input. Named by its absolute path and started without a shell.',
    ),
    user: defaulted(userName, defaultUser, 'User as whom it runs.'),
  },
  { title: '[[hook]]', synonyms: { ...synonyms, url: 'url in a [[hook]] of its own' } },
)

const urlHook = table(
  {
    ...common,
    url: required(webAddress, 'Gets the event as the JSON body of a POST.'),
    headers: defaulted(
      mapOf(text('text without line breaks', /^[\t -~\u0080-\u00ff]*$/, { secret: true }), {
        expected: 'a table such as { Authorization = "Bearer …" }',
        key: (key) => (headerName.test(key) ? undefined : 'not the name of a header'),
      }),
      {},
      'Further headers of the request.',
    ),
    verify: defaulted(flag, true, "Whether the server's certificate must be valid for the host."),
    ca_file: optional(
      absolutePath,
      'Certificates (PEM) that vouch for the server, in place of the usual ones.',
    ),
  },
  { title: '[[hook]]', synonyms },
)

type Tables = typeof commandHook | typeof urlHook
/** A hook in the file's own words, every default filled in. */
export type HookTable = CompleteOf<Tables>

export const hook = keyed<HookTable, DraftOf<Tables>>(
  { command: commandHook, url: urlHook },
  'a [[hook]] with a command or a url',
)
