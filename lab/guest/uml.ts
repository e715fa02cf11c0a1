import { readFileSync, statfsSync } from 'node:fs'
import type { Machine, MachineOptions } from './machine.js'

const memory = 2 * 1024 ** 3

/** The guest's memory is a sparse file that must be executable: /dev/shm where that holds, else the run folder. */
function memoryFolder(fallback: string): string {
  try {
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .findLast(([, target]) => target === '/dev/shm')
    const { bavail, bsize } = statfsSync('/dev/shm')
    const executable = mount !== undefined && !(mount[3] ?? '').split(',').includes('noexec')
    return executable && bavail * bsize > memory ? '/dev/shm' : fallback
  } catch {
    return fallback
  }
}

/** Debian's user-mode Linux: a kernel that is a plain process. */
export function umlMachine({ runFolder, terminal }: MachineOptions): Machine {
  const size = terminal === undefined ? [] : [`VIPAIR_TERMINAL=${terminal.rows}x${terminal.columns}`]
  return {
    file: 'linux.uml',
    args: [
      `mem=${memory / 1024 ** 2}M`,
      'root=/dev/root',
      'rootfstype=hostfs',
      'rootflags=/',
      'rw',
      'quiet',
      `init=${runFolder}/uml-init.sh`,
      `VIPAIR_RUN=${runFolder}`,
      ...size,
      `uml_dir=${runFolder}/uml`,
      'con=null',
      'con0=null,fd:1',
      'ssl=null',
      `ssl0=${terminal === undefined ? 'null' : 'fd:4'},fd:3`,
    ],
    env: { TMPDIR: memoryFolder(runFolder) },
  }
}
