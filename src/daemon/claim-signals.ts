/**
 * Loaded into every child before its own module: without a listener SIGUSR1 opens Node's debugger port, and
 * the other signals belong to the parent, which a terminal's Ctrl-C reaches together with its children.
 */
for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {})
