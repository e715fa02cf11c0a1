/** The user that a script runs as. Node has no getpwnam; /etc/passwd is where the users of a daemon live. */
import { readFileSync } from 'node:fs'
import { fail, ok, type Result } from '../../../base/result.js'
import type { ScriptUser } from './script.js'

export function findUser(name: string, file = '/etc/passwd'): Result<ScriptUser, string> {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':')
    if (user === name) return ok({ uid: Number(uid), gid: Number(gid) })
  }
  return fail(`there is no user ${name}`)
}
