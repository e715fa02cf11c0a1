/** A service manager's datagram socket, for a daemon that a test starts. */

import { Writer } from '../../src/base/bytes.js'
import { check, libc } from '../../src/platform/libc.js'
import { AF, SOCK } from '../../src/platform/linux.js'

export class NotifyListener {
  /** `NAME=VALUE` as they came. */
  readonly words: string[] = []
  private readonly fd = check(
    libc.socket(AF.UNIX, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0),
    'socket',
    'unix',
  )

  /** `path`: absolute, or `@` and an abstract name. */
  constructor(readonly path: string) {
    const name = path.startsWith('@') ? Buffer.from(`\0${path.slice(1)}`) : Buffer.from(`${path}\0`)
    const address = new Writer(2 + name.length).u16host(AF.UNIX).bytes(name).finish()
    check(libc.bind(this.fd, address, address.length), 'bind', path)
  }

  /** Takes what waits in the socket; answers everything so far. */
  read(): readonly string[] {
    const buffer = Buffer.alloc(4096)
    for (;;) {
      const length = libc.recv(this.fd, buffer, buffer.length, 0)
      if (length < 0) return this.words
      this.words.push(...buffer.toString('utf8', 0, length).trimEnd().split('\n'))
    }
  }

  /** How often this was said. */
  count(word: string): number {
    return this.read().filter((one) => one === word).length
  }

  close(): void {
    libc.close(this.fd)
  }
}
