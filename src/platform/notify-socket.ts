/** Messages to the service manager, as sd_notify(3) sends them: one datagram to an AF_UNIX socket. */
import { Writer } from '../base/bytes.js'
import { libc } from './libc.js'
import { AF, MSG, SOCK } from './linux.js'

/** `sun_path` with its end (include/uapi/linux/un.h). */
const pathCapacity = 108

/**
 * Answers false when nobody listens or has room just now; never throws, for a director goes on without anyone who
 * follows it.
 */
export type NotifySend = (text: string) => boolean

/** `path`: absolute, or abstract with a leading `@`. Answers undefined for what is neither. */
export function notifySender(path: string): NotifySend | undefined {
  const address = unixAddress(path)
  if (!address) return undefined
  return (text) => {
    // A descriptor of its own each time: messages are few, and nothing has to be closed or kept from children.
    const fd = libc.socket(AF.UNIX, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0)
    if (fd < 0) return false
    const bytes = Buffer.from(text)
    const sent = libc.sendto(fd, bytes, bytes.length, MSG.NOSIGNAL, address, address.length)
    libc.close(fd)
    return sent === bytes.length
  }
}

/** struct sockaddr_un (unix(7)): a path ends with NUL, an abstract name begins with it and ends with its length. */
function unixAddress(path: string): Uint8Array | undefined {
  if (!/^[/@]./.test(path)) return undefined
  const name = path.startsWith('@') ? Buffer.from(`\0${path.slice(1)}`) : Buffer.from(`${path}\0`)
  if (name.length > pathCapacity) return undefined
  return new Writer(2 + name.length).u16host(AF.UNIX).bytes(name).finish()
}
