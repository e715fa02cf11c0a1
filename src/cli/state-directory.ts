/** Where the daemon keeps what outlives a boot, unless it is told. */

const usualRuntimeDir = '/run/vipair'
const usualStateDir = '/var/lib/vipair'

/**
 * What systemd has made (`StateDirectory=`), else /var/lib/vipair. A director with a runtime directory of its own
 * keeps its state in there: several on one machine must not share it.
 */
export function stateDirectory(
  runtimeDir: string,
  { STATE_DIRECTORY }: Readonly<Record<string, string | undefined>>,
): string {
  if (runtimeDir !== usualRuntimeDir) return runtimeDir
  // systemd.exec(5): several with colons.
  return STATE_DIRECTORY?.split(':')[0] || usualStateDir
}
