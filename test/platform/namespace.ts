/** Network namespaces of a test's own: they vanish with the process, or when closed. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import koffi from 'koffi'

const library = koffi.load('libc.so.6')
const unshare = library.func('int unshare(int)') as unknown as (flags: number) => number
const setns = library.func('int setns(int, int)') as unknown as (fd: number, type: number) => number
const CLONE_NEWNET = 0x40000000

export interface Namespace {
  /** For `ip link ... netns PATH`. */
  readonly path: string
  /** Runs `body` inside: what it opens or starts stays there. Synchronous only. */
  enter<T>(body: () => T): T
  /** A program inside; answers what it writes. */
  run(program: string, ...words: readonly string[]): string
  /** `ip ARGUMENTS` inside. */
  ip(command: string): string
  close(): void
}

export function createNamespace(): Namespace {
  const home = openSync('/proc/self/ns/net', 'r')
  if (unshare(CLONE_NEWNET) !== 0) {
    throw new Error('a network namespace is needed and not permitted: run the tests as root')
  }
  const fd = openSync('/proc/self/ns/net', 'r')
  const back = (): void => {
    if (setns(home, CLONE_NEWNET) !== 0) throw new Error('cannot return to the first network namespace')
  }
  back()
  const enter = <T>(body: () => T): T => {
    if (setns(fd, CLONE_NEWNET) !== 0) throw new Error('cannot enter the network namespace')
    try {
      return body()
    } finally {
      back()
    }
  }
  const run = (name: string, ...words: readonly string[]): string =>
    enter(() => execFileSync(name, words, { encoding: 'utf8' }))
  const ip = (command: string): string => run('ip', ...command.split(' '))
  ip('link set lo up')
  return {
    path: `/proc/${process.pid}/fd/${fd}`,
    enter,
    run,
    ip,
    close: () => {
      closeSync(fd)
      closeSync(home)
    },
  }
}

/** Two namespaces joined by a cable: `left0` with 10.9.0.1/24 and `right0` with 10.9.0.2/24. */
export function createPair(): { readonly left: Namespace; readonly right: Namespace; close(): void } {
  const left = createNamespace()
  const right = createNamespace()
  left.ip(`link add left0 type veth peer name right0 netns ${right.path}`)
  left.ip('addr add 10.9.0.1/24 dev left0')
  left.ip('link set left0 up')
  right.ip('addr add 10.9.0.2/24 dev right0')
  right.ip('link set right0 up')
  return {
    left,
    right,
    close: () => {
      left.close()
      right.close()
    },
  }
}
