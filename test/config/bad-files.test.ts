import { deepEqual } from 'node:assert/strict'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import { badFiles } from './bad-files.js'

describe('a bad file is refused with every problem and its place', () => {
  for (const [group, files] of Object.entries(badFiles)) {
    describe(group, () => {
      for (const { title, text, problems } of files) {
        it(title, () => {
          const result = parseConfig(text)
          const said = result.ok ? [] : result.error.map((problem) => formatProblem('f', problem).slice(2))
          deepEqual(said, problems)
        })
      }
    })
  }
})
