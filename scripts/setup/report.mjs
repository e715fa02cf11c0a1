import { spawn } from 'node:child_process'

/** Something that this machine lacks and that setup may not bring: the message says what to do. */
export class Missing extends Error {}

/** Runs one step with a line before it and the time it took after. */
export async function step(title, run) {
  const begun = performance.now()
  process.stdout.write(`setup: ${title} …\n`)
  await run()
  process.stdout.write(
    `setup: ${title.split(':')[0]} ready (${((performance.now() - begun) / 1000).toFixed(1)} s)\n`,
  )
}

/**
 * Runs a program; every 5 s says that it still runs. What it printed is shown only when it fails.
 * @param {{ cwd?: string, env?: Record<string, string>, progress?: () => string }} options
 */
export async function runQuietly(file, args, { cwd, env, progress = () => '' } = {}) {
  const begun = performance.now()
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = []
  child.stdout.on('data', (chunk) => output.push(chunk))
  child.stderr.on('data', (chunk) => output.push(chunk))
  const ticker = setInterval(() => {
    const seconds = Math.round((performance.now() - begun) / 1000)
    process.stdout.write(`setup:   ${file} ${args[0] ?? ''}: ${seconds} s ${progress()}\n`)
  }, 5000)
  const status = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`))
      resolve(127)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })
  clearInterval(ticker)
  if (status !== 0) {
    process.stderr.write(Buffer.concat(output))
    throw new Missing(`setup: ${[file, ...args].join(' ')} ended with status ${status}`)
  }
}
