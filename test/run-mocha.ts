import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { onLines } from '../lab/lines.js'

/** Milliseconds that mocha may stay silent, and that it may take to end after its last test. */
const silence = 300_000
const farewell = 10_000

interface TestReport {
  readonly fullTitle: string
  readonly file?: string
  readonly err?: string
  readonly stack?: string
}

/** What mocha's json-stream reporter says; undefined for lines that a test printed. */
function parseReport(line: string): readonly [string, TestReport] | undefined {
  if (!/^\["(start|pass|fail|end)",/.test(line)) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Every built test but the lab's, which need a guest. */
const testFiles = (tests: string): string[] =>
  readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js') && !file.startsWith('lab/'))
    .sort()

/**
 * Runs mocha and prints a line for each file as it ends. Answers how many passed and failed; a run that
 * crashed, hung or kept something open counts as one failure more, and so do skipped tests.
 */
export async function runMocha(repository: string, print: (line: string) => void): Promise<[number, number]> {
  const tests = join(repository, 'build/test')
  const files = testFiles(tests)
  const mocha = join(repository, 'node_modules/mocha/bin/mocha.js')
  const options = ['--reporter', 'json-stream', '--forbid-pending', '--forbid-only', '--timeout', '60000']
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', mocha, ...options, ...files.map((file) => join(tests, file))],
    { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const total: [number, number] = [0, 0]
  let file = ''
  let inFile: [number, number] = [0, 0]
  let complete = false
  let problem: string | undefined

  const give = (reason: string) => (): void => {
    problem = reason
    child.kill('SIGKILL')
  }
  let watch = setTimeout(give(`no test ended within ${silence / 1000} s`), silence)
  const finishFile = (): void => {
    if (file !== '') print(`  ${file}: ${inFile[0]} passed${inFile[1] > 0 ? `, ${inFile[1]} FAILED` : ''}`)
    inFile = [0, 0]
  }
  onLines(child.stdout, (line) => {
    const report = parseReport(line)
    if (report === undefined) return print(`    ${line}`)
    const [kind, test] = report
    clearTimeout(watch)
    watch = setTimeout(give(`no test ended within ${silence / 1000} s`), silence)
    if (kind === 'end') {
      complete = true
      clearTimeout(watch)
      watch = setTimeout(give('something kept the test process from ending'), farewell)
    }
    if (kind !== 'pass' && kind !== 'fail') return
    const now = (test.file ?? '').slice(tests.length + 1) || file
    if (now !== file) {
      finishFile()
      file = now
    }
    const column = kind === 'pass' ? 0 : 1
    total[column] += 1
    inFile[column] += 1
    if (kind === 'fail') {
      print(`  FAILED ${test.fullTitle}`)
      print((test.stack ?? test.err ?? '').replaceAll(/^/gm, '      '))
    }
  })
  const status = await new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  )
  clearTimeout(watch)
  finishFile()
  if (!complete) problem ??= `mocha ended early with ${status}`
  if (problem !== undefined) {
    print(`  FAILED ${problem}`)
    total[1] += 1
  }
  return total
}
