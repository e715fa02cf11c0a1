/**
 * Loaded into every child before its own module: without a listener SIGUSR1 opens Node's debugger port, and
 * the other signals belong to the parent, which a terminal's Ctrl-C reaches together with its children.
 */
import { close } from 'node:inspector'

for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {})
// A signal that came before the listener, while Node itself started, has opened the port: not for long.
close()
setImmediate(close)
