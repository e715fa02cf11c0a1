/** `npm run demo [-- --keep] [-- --flavour …]`: the pair at work in the lab, shown live and measured. */
import { parseArgs } from 'node:util'
import { defaultFlavour, flavours, isFlavour } from './guest/flavour.js'
import { runInGuest } from './guest/run-in-guest.js'
import { built, repository } from './paths.js'

const usage = `usage: npm run demo -- [--keep] [--flavour ${flavours.join('|')}]`

function wrong(problem: string): never {
  process.stderr.write(`${problem}\n${usage}\n`)
  process.exit(2)
}

function parse() {
  try {
    return parseArgs({ options: { keep: { type: 'boolean', default: false }, flavour: { type: 'string' } } })
      .values
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

const { keep, flavour: named } = parse()
const flavour = named ?? defaultFlavour()
if (!isFlavour(flavour)) wrong(`unknown flavour ${flavour}`)
const terminal = Boolean(process.stdin.isTTY && process.stdout.isTTY)
if (keep && !terminal) wrong('--keep leaves you at a prompt and needs a terminal')

const where = {
  host: "on this machine's own kernel",
  uml: 'in user-mode Linux, a kernel that runs as a process here (this one has no IPVS)',
  qemu: "in Debian's kernel under QEMU",
}
process.stdout.write(`The lab starts ${where[flavour]} …\n`)
const { exitStatus, console, artefactsFolder } = await runInGuest({
  flavour,
  argv: [process.execPath, built('lab/demo/inside'), ...(keep ? ['--keep'] : [])],
  env: { TERM: process.env.TERM ?? 'linux' },
  terminal,
  onOutput: (line) => void process.stdout.write(`${line}\n`),
  artefacts: { folder: `${repository}/artefacts/demo`, when: 'failed' },
  ...(keep ? {} : { timeout: 300_000 }),
})
if (exitStatus === 125) process.stderr.write(`The guest ended early. Its console said last:\n${console}\n`)
if (artefactsFolder !== undefined) process.stderr.write(`Logs: ${artefactsFolder}\n`)
process.exitCode = exitStatus
