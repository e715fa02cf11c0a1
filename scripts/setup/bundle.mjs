// One file for each process, made of what tsc has made: a process starts in half the time, and on a machine
// whose disk is slow in less. `bin/vipair` uses it while it is not older than the modules themselves.
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const isProcess = (name) => /-process\.js$/.test(name) || name === 'claim-signals.js'

/** As deep as the modules are, so that what they find by their own place is there. */
export async function bundle(root) {
  const fresh = `${root}build/bundle.new`
  rmSync(fresh, { recursive: true, force: true })
  const options = {
    absWorkingDir: root,
    outdir: `${fresh}/daemon`,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    // Finds its native part from its own folder.
    external: ['koffi'],
    banner: {
      // The CommonJS packages among them ask for Node's own modules.
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    logLevel: 'warning',
  }
  const processes = readdirSync(`${root}build/src/daemon`).filter(isProcess)
  await build({ ...options, entryPoints: processes.map((name) => `build/src/daemon/${name}`) })
  // Most commands need little of what `run` needs.
  const commands = { cli: 'build/src/cli/main.js' }
  await build({ ...options, entryPoints: commands, splitting: true, chunkNames: 'cli-[name]-[hash]' })
  rmSync(`${root}build/bundle`, { recursive: true, force: true })
  renameSync(fresh, `${root}build/bundle`)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await bundle(fileURLToPath(new URL('../..', import.meta.url)))
