/** Which boot of the machine this is: moments of the monotonic clock mean nothing in another one. */
import { readFileSync } from 'node:fs'

/** Empty where the kernel does not say. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
