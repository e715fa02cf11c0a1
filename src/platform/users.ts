/** The user that a program runs as. Node has no getpwnam; /etc/passwd is where the users of a daemon live. */
import { readFileSync } from 'node:fs'
import type { ProgramUser } from '../base/program.js'
import { fail, ok, type Result } from '../base/result.js'

export function findUser(name: string, file = '/etc/passwd'): Result<ProgramUser, string> {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':')
    if (user === name) return ok({ uid: Number(uid), gid: Number(gid) })
  }
  return fail(`there is no user ${name}`)
}

/** Only root can become somebody else; any other user runs programs as himself. A text says why it cannot be. */
export function userOf(name: string): ProgramUser | undefined | string {
  if (process.getuid?.() !== 0) return undefined
  const user = findUser(name)
  return user.ok ? user.value : user.error
}
