// Manual pages and completion scripts, as packages install them: made by the program itself.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const files = {
  'man/vipair.1': ['manual', 'vipair.1'],
  'man/vipair.toml.5': ['manual', 'vipair.toml.5'],
  'completions/vipair.bash': ['completion', 'bash'],
  'completions/_vipair': ['completion', 'zsh'],
  'completions/vipair.fish': ['completion', 'fish'],
}

/** Into `build/man` and `build/completions`; the program has been built. */
export function manual(root) {
  for (const folder of ['man', 'completions']) mkdirSync(`${root}build/${folder}`, { recursive: true })
  for (const [file, words] of Object.entries(files))
    writeFileSync(`${root}build/${file}`, execFileSync(process.execPath, [`${root}bin/vipair`, ...words]))
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  manual(fileURLToPath(new URL('../..', import.meta.url)))
