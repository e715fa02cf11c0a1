/** The keys that every kind of check has. */
import { hostOrIp } from '../../host-name.js'
import { ip, portNumber } from '../../network.js'
import { defaulted, optional, required } from '../../schema.js'
import { choice, duration, integer } from '../../values.js'

const count = (value: number): number => value

export const type = <const T extends string>(word: T) => required(choice([word]), 'Kind of the check.')

export const common = {
  interval: defaulted(duration({ from: '10ms', to: '24h' }), '1s', 'Time between the starts of two checks.'),
  fast_interval: optional(
    duration({ from: '10ms', to: '24h' }),
    'The same while the verdict may change or there is none yet; the interval.',
  ),
  timeout: defaulted(
    duration({ from: '1ms', to: '1h' }),
    '1s',
    'After this time an unanswered check has failed.',
  ),
  rise: defaulted(integer(1, 100, count), 2, 'Consecutive passes that make a server healthy.'),
  fall: defaulted(integer(1, 100, count), 3, 'Consecutive failures that make it unhealthy.'),
  address: optional(hostOrIp, "The machine to check, by address or DNS name; the real server's own address."),
  port: optional(portNumber, "The port to check; the real server's own."),
  bind: optional(ip(), "Source address; the kernel's choice."),
}

/** Of every kind, in a version to come. */
export const later: readonly string[] = []

export const synonyms = {
  delay_loop: 'interval',
  delay_before_retry: 'fast_interval',
  fastinter: 'fast_interval',
  retry: 'fall',
  retries: 'fall',
  connect_timeout: 'timeout',
  connect_ip: 'address',
  connect_port: 'port',
  bindto: 'bind',
  url: 'path',
  uri: 'path',
  status_code: 'status',
}
