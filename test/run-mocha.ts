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

/** Every built test but the lab's, which need a guest; relative to `build/test`. */
export const testFiles = (repository: string): string[] =>
  readdirSync(join(repository, 'build/test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js') && !file.startsWith('lab/'))
    .sort()

export interface MochaRun {
  /** Passed and failed, by file. A skipped test counts as failed. */
  readonly files: ReadonlyMap<string, readonly [passed: number, failed: number]>
  /** It crashed, hung or kept something open: one failure more. */
  readonly problem: string | undefined
}

/** Runs mocha and prints a line for each file as it ends. */
export async function runMocha(
  repository: string,
  files: readonly string[],
  print: (line: string) => void,
): Promise<MochaRun> {
  const tests = join(repository, 'build/test')
  const mocha = join(repository, 'node_modules/mocha/bin/mocha.js')
  const options = ['--reporter', 'json-stream', '--forbid-pending', '--forbid-only', '--timeout', '60000']
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', mocha, ...options, ...files.map((file) => join(tests, file))],
    { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const counted = new Map<string, [number, number]>()
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
    if (file !== '') counted.set(file, inFile)
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
  }
  return { files: counted, problem }
}
