/** Refuses a configuration whose tracked scripts somebody else could change. */
import type { Config } from '../config/model.js'
import { scriptProblem } from '../config/script-file.js'

/** One line for each that is refused: whoever could change it could run what he likes as its user. */
export function refusedScripts({ virtualRouters }: Config): readonly string[] {
  const scripts = virtualRouters.flatMap(({ track }) => track.filter((one) => one.kind === 'script'))
  return [...new Set(scripts.map(({ command }) => command[0] ?? ''))].flatMap((path) => {
    const problem = scriptProblem(path)
    return problem === undefined ? [] : [problem]
  })
}
