/** The keys that every kind of check has. */
import { ip, portNumber } from '../../network.js'
import { defaulted, optional, required } from '../../schema.js'
import { choice, duration, integer } from '../../values.js'

const count = (value: number): number => value

export const type = <const T extends string>(word: T) => required(choice([word]), 'Kind of the check.')

export const common = {
  interval: defaulted(duration({ from: '10ms', to: '24h' }), '1s', 'Time between the starts of two checks.'),
  timeout: defaulted(
    duration({ from: '1ms', to: '1h' }),
    '1s',
    'After this time an unanswered check has failed.',
  ),
  rise: defaulted(integer(1, 100, count), 2, 'Consecutive passes that make a server healthy.'),
  fall: defaulted(integer(1, 100, count), 3, 'Consecutive failures that make it unhealthy.'),
  port: optional(portNumber, "The port to check; the real server's own."),
  bind: optional(ip(), "Source address; the kernel's choice."),
}

/** Of every kind, in a version to come. */
export const later = ['fast_interval']

export const synonyms = {
  delay_loop: 'interval',
  retry: 'fall',
  retries: 'fall',
  connect_timeout: 'timeout',
  connect_port: 'port',
  bindto: 'bind',
  url: 'path',
  uri: 'path',
  status_code: 'status',
}
