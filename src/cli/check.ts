/** `vipair check`: tells everything that is wrong with a file, and touches nothing. */
import { fail } from '../base/result.js'
import { readConfigFile } from '../config/load.js'
import type { Config } from '../config/model.js'
import { parseConfig } from '../config/parse.js'
import { readPem } from '../config/pem-file.js'
import { formatProblem, isError, type Problem } from '../config/problem.js'
import { scriptProblem } from '../config/script-file.js'

export interface CheckOptions {
  /** One JSON object instead of lines. */
  readonly json?: boolean
}

/** Where the answer goes: text with its line breaks. */
export interface CheckOutput {
  write(text: string): void
}

/** Prints every problem of the file. Answers the exit status: 0 valid, also with warnings; 2 not valid. */
export async function runCheck(
  file: string,
  output: CheckOutput,
  { json = false }: CheckOptions = {},
): Promise<number> {
  const bytes = await readConfigFile(file)
  const result = bytes.ok ? parseConfig(bytes.value, scriptProblem, readEachOnce()) : fail([bytes.error])
  const problems = result.ok ? result.value.warnings : result.error
  if (json) {
    const hash = result.ok ? { configHash: result.value.config.hash } : {}
    output.write(`${JSON.stringify({ file, valid: result.ok, ...hash, problems })}\n`)
  } else {
    for (const problem of problems) output.write(`${formatProblem(file, problem)}\n`)
    output.write(`${file}: ${result.ok ? summary(result.value.config) : 'not valid'}${tally(problems)}\n`)
  }
  return result.ok ? 0 : 2
}

/** Many services mostly name the same file. */
function readEachOnce(): typeof readPem {
  const known = new Map<string, ReturnType<typeof readPem>>()
  return (kind, path) => {
    const key = `${kind} ${path}`
    const found = known.get(key) ?? readPem(kind, path)
    known.set(key, found)
    return found
  }
}

function summary({ directors, virtualRouters, virtualServices, hash }: Config): string {
  const servers = virtualServices.reduce((sum, service) => sum + service.realServers.length, 0)
  const parts = [
    count(directors.length, 'director'),
    count(virtualRouters.length, 'virtual router'),
    count(virtualServices.length, 'virtual service'),
    count(servers, 'real server'),
  ]
  return `valid: ${parts.join(', ')} (hash ${hash})`
}

function tally(problems: readonly Problem[]): string {
  const errors = problems.filter(isError).length
  const warnings = problems.length - errors
  const parts = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ]
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
