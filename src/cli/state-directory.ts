/** Where the daemon keeps what outlives a boot, unless it is told. */

const usualRuntimeDir = '/run/vipair'
const usualStateDir = '/var/lib/vipair'

/**
 * What systemd has made (`StateDirectory=`), else /var/lib/vipair. A director with a runtime directory of its own
 * keeps its state in there: several on one machine must not share it.
 */
export function stateDirectory(
  runtimeDir: string,
  { STATE_DIRECTORY = '' }: Readonly<Record<string, string | undefined>>,
): string {
  // systemd.exec(5): several with colons.
  const [made = ''] = STATE_DIRECTORY.split(':')
  if (made !== '') return made
  return runtimeDir === usualRuntimeDir ? usualStateDir : runtimeDir
}
