import { execFile } from 'node:child_process'

/** Runs a program to its end and answers what it printed; throws with both its outputs when it fails. */
export function run(argv: readonly string[], input = ''): Promise<string> {
  const [file = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { maxBuffer: 64 * 1024 ** 2 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else
        reject(
          new Error(`${argv.join(' ')}: ${(stderr || stdout || error.message).trim()}`, { cause: error }),
        )
    })
    // A program that ends without reading its input is no failure of ours.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
