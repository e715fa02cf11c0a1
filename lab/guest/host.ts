import type { Machine, MachineOptions } from './machine.js'

/** No guest: this machine's kernel, in namespaces of our own. */
export function hostMachine({ runFolder, terminal }: MachineOptions): Machine {
  const channels = terminal === undefined ? '>&3 2>&3 </dev/null' : '>&3 2>&3 <&4'
  return {
    file: 'unshare',
    args: ['--net', '--mount', 'sh', '-c', `exec sh "$VIPAIR_RUN/host-init.sh" ${channels}`],
    env: { VIPAIR_RUN: runFolder },
  }
}
