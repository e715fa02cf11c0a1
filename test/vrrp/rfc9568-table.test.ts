/** docs/rfc9568.md names a test for what it says holds, and each of them exists. */
import { deepEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const textOf = (path: string): string => readFileSync(`${root}/${path}`, 'utf8')

interface Row {
  readonly section: string
  readonly state: string
  readonly tests: string
}

const rows: readonly Row[] = textOf('docs/rfc9568.md')
  .split('\n')
  .filter((line) => /^\| (?!section )/.test(line))
  .map((line) => line.slice(2, -2).split(' | '))
  .map(([section = '', , state = '', tests = '']) => ({ section, state, tests }))

const titles = [...textOf('test/vrrp/rfc9568.test.ts').matchAll(/\bit\(\s*'([^']+)'/g)].map(
  ([, title = '']) => title,
)

/** Why an entry of the last column is wrong. */
function problemOf(entry: string): string | undefined {
  const section = /^(\d+(?:\.\d+)+)(?: \((\d+)\))?$/.exec(entry)
  if (section) {
    const [, number, least = '1'] = section
    const found = titles.filter((title) => title.split(/[ ,:]/).includes(number ?? ''))
    return found.length >= Number(least) ? undefined : `${entry}: ${found.length} titles`
  }
  const file = /^`([\w/.-]+\.ts)`(?: "([^"]+)")?$/.exec(entry)
  if (!file) return `${entry}: neither a section nor a file`
  const [, name = '', title = ''] = file
  const path = name.startsWith('lab/') ? name : `test/${name.includes('/') ? name : `vrrp/${name}`}`
  try {
    return textOf(path).includes(title) ? undefined : `${path} has no ${title}`
  } catch {
    return `${path} does not exist`
  }
}

/** Nothing that a test of ours could see. */
const untested = /^(not applicable|the kernel's|the operator's|deviates|as )/

describe('docs/rfc9568.md', () => {
  it('names tests that exist, by file and title or by section', () => {
    ok(rows.length > 90 && titles.length > 40, `${rows.length} rows, ${titles.length} titles`)
    const wrong = rows
      .filter(({ tests }) => tests !== '–')
      .flatMap(({ section, tests }) =>
        tests.split('; ').flatMap((entry) => {
          const problem = problemOf(entry)
          return problem === undefined ? [] : [`${section}: ${problem}`]
        }),
      )
    deepEqual(wrong, [])
  })

  it('names one for everything that is ours to do', () => {
    deepEqual(
      rows.filter(({ state, tests }) => tests === '–' && !untested.test(state)),
      [],
    )
  })
})
