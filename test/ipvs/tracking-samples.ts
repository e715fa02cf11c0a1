/** Translated connections as short texts. */
import assert from 'node:assert/strict'
import type { Translation } from '../../src/base/facts.js'
import { type Endpoint, parseEndpoint } from '../../src/base/ip.js'
import type { Tracked } from '../../src/ipvs/full-nat/tracking-codec.js'
import type { WantedTranslation } from '../../src/ipvs/full-nat/translations.js'

export function end(text: string): Endpoint {
  const parsed = parseEndpoint(text)
  assert.ok(parsed, text)
  return parsed
}

/** TCP, to 10.0.0.100:80, unless it says otherwise. */
export const translation = (
  client: string,
  server: string,
  sourcePort: number,
  change: Partial<Translation> = {},
): Translation => ({
  protocol: 6,
  client: end(client),
  virtual: end('10.0.0.100:80'),
  server: end(server),
  sourcePort,
  ...change,
})

export const wanted = (one: Translation, change: Partial<WantedTranslation> = {}): WantedTranslation => ({
  ...one,
  timeout: 900,
  tcpState: 3,
  ...change,
})

/** The same, as the kernel tracks it. */
export const tracked = (one: Translation, timeout = 900): Tracked => {
  const { sourcePort, ...ends } = one
  return { ...ends, source: { ...one.virtual, port: sourcePort as Endpoint['port'] }, timeout }
}
