/** `npm run check`: types, lint and format, layers. One line a part; what was found follows it. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { breaches, readSources } from './layers.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Finding {
  readonly ok: boolean
  readonly text: string
}

const parts: readonly { readonly name: string; readonly find: () => Finding }[] = [
  { name: 'types', find: () => tool('tsc', ['-p', '.', '--noEmit']) },
  { name: 'lint and format', find: () => tool('biome', ['check', '--error-on-warnings', '--colors=off']) },
  { name: 'layers', find: layers },
]

function tool(name: string, args: readonly string[]): Finding {
  const { status, stdout, stderr, error } = spawnSync(`node_modules/.bin/${name}`, args, {
    cwd: root,
    encoding: 'utf8',
  })
  return { ok: status === 0, text: error ? error.message : `${stdout}${stderr}` }
}

function layers(): Finding {
  const found = breaches(readSources(root))
  return { ok: found.length === 0, text: found.join('\n') }
}

for (const { name, find } of parts) {
  const { ok, text } = find()
  console.log(`${ok ? 'ok    ' : 'failed'}  ${name}`)
  if (ok) continue
  console.log(text.trimEnd())
  process.exitCode = 1
}
