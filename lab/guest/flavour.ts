import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/**
 * Whose kernel the lab runs on: this machine's own in fresh namespaces, user-mode Linux (one CPU, no
 * nftables), or Debian's kernel under QEMU (two CPUs, nftables, about four times slower).
 */
export type Flavour = 'host' | 'uml' | 'qemu'

export const flavours: readonly Flavour[] = ['host', 'uml', 'qemu']

export const isFlavour = (text: string): text is Flavour => flavours.some((flavour) => flavour === text)

/** With IPVS in this machine's own kernel no guest is needed. The same rule stands in scripts/setup/packages.mjs. */
export function defaultFlavour(): Flavour {
  const root = process.getuid?.() === 0
  const has = existsSync('/proc/net/ip_vs') || (root && spawnSync('modprobe', ['-q', 'ip_vs']).status === 0)
  return root && has ? 'host' : 'uml'
}
