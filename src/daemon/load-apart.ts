/** Loads a file in a process of its own, in bounded time. */
import { fork } from 'node:child_process'
import { fail } from '../base/result.js'
import type { loadConfig } from '../config/load.js'
import type { Problem } from '../config/problem.js'

type Loaded = Awaited<ReturnType<typeof loadConfig>>

/** The largest file that is accepted takes some seconds, on a slow and busy machine ten times that. */
const patienceMs = 25_000

const failed = (message: string): Loaded => {
  const problem: Problem = { severity: 'error', line: 1, column: 1, path: '', message }
  return fail([problem])
}

/** Never rejects. */
export function loadApart(file: string): Promise<Loaded> {
  return new Promise((resolve) => {
    const child = fork(new URL('./parse-process.js', import.meta.url), [file], {
      serialization: 'advanced',
      execArgv: ['--import', new URL('./claim-signals.js', import.meta.url).href],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    let loaded: Loaded | undefined
    const limit = setTimeout(() => {
      loaded ??= failed(`the file could not be read within ${patienceMs / 1000} s`)
      child.kill('SIGKILL')
    }, patienceMs)
    child.once('message', (message) => {
      loaded ??= message as Loaded
    })
    child.once('error', (error) => {
      loaded ??= failed(`the file could not be read: ${error.message}`)
    })
    child.once('close', () => {
      clearTimeout(limit)
      resolve(loaded ?? failed('the process that read the file died'))
    })
  })
}
