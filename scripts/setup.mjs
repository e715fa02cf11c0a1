#!/usr/bin/env node
// Installs what is missing, and only that. Plain JavaScript: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build, buildIsStale } from './setup/build.mjs'
import { fetchCloudKernel, missingCloudKernel } from './setup/cloud-kernel.mjs'
import { installDependencies, missingDependencies } from './setup/dependencies.mjs'
import { installPackages, missingPackages } from './setup/packages.mjs'
import { Missing, step } from './setup/report.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const purposes = ['demo', 'test', 'unit', 'lab', 'qemu', 'build']
const usage = `usage: node scripts/setup.mjs [--for=${purposes.join('|')}] [--quiet]`

function options() {
  try {
    const { values } = parseArgs({
      options: { for: { type: 'string', default: 'lab' }, quiet: { type: 'boolean', default: false } },
    })
    if (purposes.includes(values.for)) return values
    process.stderr.write(`unknown purpose ${values.for}\n${usage}\n`)
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}\n`)
  }
  process.exit(2)
}

/** Everything that has to be done, in order; empty when nothing is missing. */
function plan(purpose) {
  const steps = []
  const packages = missingPackages(purpose)
  if (packages.length > 0) {
    steps.push([`Debian packages: ${packages.join(' ')}`, () => installPackages(packages)])
  }
  if (purpose === 'qemu' && missingCloudKernel(root)) {
    steps.push(['Debian cloud kernel, unpacked into the cache', () => fetchCloudKernel(root)])
  }
  const dependencies = missingDependencies(root)
  if (dependencies > 0) {
    steps.push([`npm packages: ${dependencies} missing or outdated`, () => installDependencies(root)])
  }
  if (dependencies > 0 || buildIsStale(root)) {
    steps.push(['build', () => build(root)])
  }
  return steps
}

/** Runs this script again under a lock on package.json that the kernel frees whatever becomes of us. */
function underLock() {
  const lock = (...how) =>
    spawnSync('flock', [...how, `${root}package.json`, process.execPath, ...process.argv.slice(1)], {
      stdio: 'inherit',
      env: { ...process.env, VIPAIR_SETUP_LOCKED: '1' },
    })
  const busy = 75
  let run = lock('-n', '-E', String(busy))
  if (run.error) return undefined
  if (run.status === busy) {
    process.stdout.write('setup: waiting for another setup to finish\n')
    run = lock()
  }
  return run.status ?? 1
}

/** Says what npm and tsc would say in riddles. */
function checkWritable() {
  try {
    accessSync(root, constants.W_OK)
  } catch {
    throw new Missing(`setup: this user may not write into ${root}`)
  }
  const home = homedir()
  try {
    accessSync(home, constants.W_OK)
  } catch {
    process.env.npm_config_cache ??= `${root}build/.npm`
    process.stdout.write(
      `setup: HOME (${home}) is not writable; npm caches in ${process.env.npm_config_cache}\n`,
    )
  }
}

const { for: purpose, quiet } = options()
const begun = performance.now()
const steps = plan(purpose)
if (steps.length > 0 && process.env.VIPAIR_SETUP_LOCKED === undefined) {
  const status = underLock()
  if (status !== undefined) process.exit(status)
}
try {
  if (steps.length > 0) checkWritable()
  for (const [title, run] of steps) await step(title, run)
} catch (error) {
  if (!(error instanceof Missing)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
if (!quiet || steps.length > 0) {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  process.stdout.write(
    steps.length > 0 ? `setup: done in ${seconds} s\n` : `setup: nothing missing (${seconds} s)\n`,
  )
}
