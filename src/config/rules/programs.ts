/** Rules about programs that the daemon is to run. */
import type { Path } from '../node.js'
import { printable, quote } from '../printable.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'

/** Why this machine would refuse to run one; undefined: not looked at. */
export type ScriptProblem = (path: string) => string | undefined

/** Those of checks. */
export function checkPrograms(file: FileDraft, report: Report, scriptProblem?: ScriptProblem): void {
  const checkList = (list: ServiceDraft['check'], path: Path): void => {
    for (const [i, check] of (list ?? []).entries()) {
      if (check?.type !== 'script' || !('command' in check)) continue
      // A single check may stand without its list.
      const where = report.isAbsent([...path, i]) ? path : [...path, i]
      checkProgram(check, where, 'command', 'the check', report, scriptProblem)
    }
  }
  for (const [i, service] of (file.virtual_service ?? []).entries()) {
    const path: Path = ['virtual_service', i]
    checkList(service?.check, [...path, 'check'])
    for (const [k, server] of (service?.real_servers ?? []).entries())
      checkList(server?.check, [...path, 'real_servers', k, 'check'])
  }
}

type ServiceDraft = NonNullable<NonNullable<FileDraft['virtual_service']>[number]>

interface Draft {
  readonly command?: readonly (string | undefined)[] | undefined
  readonly user?: string | undefined
}

/** `path`: of the table; `key`: under which its command stands there; `what`: such as `the script`. */
export function checkProgram(
  { command, user }: Draft,
  path: Path,
  key: string,
  what: string,
  report: Report,
  scriptProblem: ScriptProblem | undefined,
): void {
  const program = command?.[0]
  if (program !== undefined && !program.startsWith('/')) {
    report.error([...path, key, 0], `${quote(program)} is not an absolute path`, {
      expected: 'an absolute path: no shell and no PATH look it up',
    })
  }
  if (user === 'root') {
    report.warning([...path, 'user'], `${what} runs as root`, { expected: 'a user of its own' })
  }
  const problem = program?.startsWith('/') ? scriptProblem?.(program) : undefined
  if (problem !== undefined)
    report.warning([...path, key, 0], `this machine would not run it: ${printable(problem)}`, {
      expected: 'the file on each director, before vipair starts',
    })
}
