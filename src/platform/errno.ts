/** Names of Linux error numbers. */
import { constants } from 'node:os'

const names = new Map<number, string>()
for (const [name, number] of Object.entries(constants.errno)) {
  if (!names.has(number)) names.set(number, name)
}
// Two names share this number; the kernel's sources and the tools say this one.
names.set(95, 'EOPNOTSUPP')

/** `ENOENT` for 2; `errno 523` for a number without a name. */
export function errnoName(number: number): string {
  return names.get(number) ?? `errno ${number}`
}
