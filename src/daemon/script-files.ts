/** Refuses a configuration whose programs somebody else could change. */
import type { Config } from '../config/model.js'
import { programsOf } from '../config/program.js'
import { scriptProblem } from '../config/script-file.js'

/** One line for each that is refused: whoever could change it could run what he likes as its user. */
export function refusedScripts(config: Config): readonly string[] {
  const tracked = config.virtualRouters.flatMap(({ track }) => track.filter((one) => one.kind === 'script'))
  const scripts = [...tracked, ...programsOf(config)]
  return [...new Set(scripts.map(({ command }) => command[0] ?? ''))].flatMap((path) => {
    const problem = scriptProblem(path)
    return problem === undefined ? [] : [problem]
  })
}
