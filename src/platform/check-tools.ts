/** What checks are made of on Linux. */
import type { OpenStream } from '../base/ports.js'
import type { Reactor } from './reactor.js'
import { openStream } from './stream.js'

/** The healthcheck room's `CheckTools`, which this room does not know. */
export const checkTools = (reactor: Reactor): { readonly openStream: OpenStream } => ({
  openStream: (options, handlers) => openStream(reactor, options, handlers),
})
