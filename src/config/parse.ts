/** A file's text to a configuration, or to everything that is wrong with it. */
import { fail, ok, type Result } from '../base/result.js'
import { buildConfig } from './build.js'
import type { Config } from './model.js'
import { byPosition, isError, type Problem } from './problem.js'
import { Report } from './report.js'
import { checkControl } from './rules/control.js'
import { checkDirectors } from './rules/directors.js'
import { checkRouters } from './rules/routers.js'
import { checkServices } from './rules/services.js'
import { checkTracks } from './rules/tracks.js'
import { checkTranslation } from './rules/translation.js'
import { completed, readNode } from './schema.js'
import { readSyntax } from './syntax.js'
import { fileTable, homes } from './tables/file.js'
import { decodeText } from './text.js'
import { buildTree } from './tree.js'

export interface ValidConfig {
  readonly config: Config
  /** In the order of the file. */
  readonly warnings: readonly Problem[]
}

/**
 * Never throws, whatever the bytes are. A refusal lists every problem in the order of the file, warnings
 * included, and has at least one error.
 */
export function parseConfig(source: Uint8Array | string): Result<ValidConfig, readonly Problem[]> {
  const text = decodeText(source)
  if (!text.ok) return fail([text.error])
  const syntax = readSyntax(text.value)
  if (!syntax.statements) return fail(syntax.problems)
  const tree = buildTree(syntax.statements, syntax)
  const report = new Report(tree.root, syntax.lines, homes, [...syntax.problems, ...tree.problems])

  const draft = readNode(fileTable, tree.root, [], report)
  if (draft) {
    checkDirectors(draft, report)
    checkRouters(draft, report)
    checkTracks(draft, report)
    checkServices(draft, report)
    checkTranslation(draft, report)
    checkControl(draft, report)
    if (draft.virtual_router?.length === 0 && draft.virtual_service?.length === 0) {
      report.error([], 'there is nothing to do', {
        expected: 'at least one [[virtual_router]] or [[virtual_service]]',
      })
    }
  }
  const file = completed(fileTable, draft, report)
  const problems = report.problems.sort(byPosition)
  return file
    ? ok({ config: buildConfig(file), warnings: problems.filter((p) => !isError(p)) })
    : fail(problems)
}
