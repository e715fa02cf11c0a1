/** A file's text to a configuration, or to everything that is wrong with it. */
import { fail, ok, type Result } from '../base/result.js'
import { buildConfig } from './build.js'
import type { Config } from './model.js'
import { byPosition, isError, type Problem } from './problem.js'
import { mostErrors, Report, TooManyErrors } from './report.js'
import { checkControl } from './rules/control.js'
import { checkDirectors } from './rules/directors.js'
import { checkEncryptedChecks, type PemReader } from './rules/encrypted-checks.js'
import { checkHooks } from './rules/hooks.js'
import { checkPrograms, type ScriptProblem } from './rules/programs.js'
import { checkRouters } from './rules/routers.js'
import { checkServices } from './rules/services.js'
import { checkTracks } from './rules/tracks.js'
import { checkTranslation } from './rules/translation.js'
import { completed, readNode } from './schema.js'
import { readSyntax } from './syntax.js'
import { type FileDraft, fileTable, homes } from './tables/file.js'
import { decodeText } from './text.js'
import { buildTree, type Tree } from './tree.js'

export interface ValidConfig {
  readonly config: Config
  /** In the order of the file. */
  readonly warnings: readonly Problem[]
}

/**
 * Never throws, whatever the bytes are. A refusal lists every problem in the order of the file, warnings
 * included, and has at least one error; of more than `mostErrors` errors it lists some. With `scriptProblem` it
 * warns of programs that this machine would not run; with `readPem` it looks at the checks' files.
 */
export function parseConfig(
  source: Uint8Array | string,
  scriptProblem?: ScriptProblem,
  readPem?: PemReader,
): Result<ValidConfig, readonly Problem[]> {
  const text = decodeText(source)
  if (!text.ok) return fail([text.error])
  const syntax = readSyntax(text.value)
  if (!syntax.statements) return fail(syntax.problems)
  const tree = buildTree(syntax.statements, syntax)
  const report = new Report(tree.root, syntax.lines, homes, [...syntax.problems, ...tree.problems])

  const draft = judged(tree, report, scriptProblem, readPem)
  const file = completed(fileTable, draft, report)
  const problems = report.problems.sort(byPosition)
  return file
    ? ok({ config: buildConfig(file), warnings: problems.filter((p) => !isError(p)) })
    : fail(problems)
}

/** Reads the tables and applies every rule, or as much as it takes to see that it is no configuration file. */
function judged(
  { root, problems }: Tree,
  report: Report,
  scriptProblem: ScriptProblem | undefined,
  readPem: PemReader | undefined,
): FileDraft | undefined {
  try {
    if (problems.length > mostErrors) throw new TooManyErrors()
    const draft = readNode(fileTable, root, [], report)
    if (draft) applyRules(draft, report, scriptProblem, readPem)
    return draft
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error
    const errors = report.problems.filter(isError).slice(0, mostErrors)
    report.problems.splice(0, report.problems.length, ...errors, {
      severity: 'error',
      line: 1,
      column: 1,
      path: '',
      message: `more than ${mostErrors} errors, of which these are the first found`,
      expected: 'a configuration file',
    })
    return undefined
  }
}

function applyRules(
  draft: FileDraft,
  report: Report,
  scriptProblem?: ScriptProblem,
  readPem?: PemReader,
): void {
  checkDirectors(draft, report)
  checkRouters(draft, report)
  checkTracks(draft, report, scriptProblem)
  checkServices(draft, report)
  checkEncryptedChecks(draft, report, readPem)
  checkPrograms(draft, report, scriptProblem)
  checkTranslation(draft, report)
  checkControl(draft, report)
  checkHooks(draft, report, scriptProblem)
  if (draft.virtual_router?.length === 0 && draft.virtual_service?.length === 0) {
    report.error([], 'there is nothing to do', {
      expected: 'at least one [[virtual_router]] or [[virtual_service]]',
    })
  }
}
