/** `ipvs`: the kernel's table built, changed and kept, by keepalived, ipvsadm and vipair, in one guest. */
import { parseArgs } from 'node:util'
import { runInGuest } from '../../lab/guest/run-in-guest.js'
import { built } from '../../lab/paths.js'
import { type Line, report } from './report.js'

export const ipvsUsage = `usage: npm run bench -- ipvs [--full] [--sizes 1000,5000,10000,30000]
Servers in the table: the first apply, a reload with one weight changed, drift, memory; keepalived and
ipvsadm beside it. keepalived reloads up to 10,000 servers; --full lets it reload them all (minutes).`

/** Milliseconds. */
const patience = { usual: 460_000, full: 900_000 }

/** Answers the exit status. */
export async function ipvs(argv: readonly string[]): Promise<number> {
  let options: { full: boolean; sizes: string }
  try {
    const wanted = {
      full: { type: 'boolean', default: false },
      sizes: { type: 'string', default: '1000,5000,10000,30000' },
    } as const
    options = parseArgs({ args: [...argv], options: wanted }).values
    if (!options.sizes.split(',').every((size) => Number(size) >= 100 && Number(size) % 100 === 0))
      throw new Error('--sizes are multiples of 100')
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${ipvsUsage}\n`)
    return 2
  }
  const lines: Line[] = []
  const most = options.full ? 30_000 : 10_000
  const { exitStatus, console } = await runInGuest({
    flavour: 'uml',
    argv: [
      process.execPath,
      built('bench/ipvs/inside'),
      `--sizes=${options.sizes}`,
      `--keepalived-reload=${most}`,
    ],
    timeout: options.full ? patience.full : patience.usual,
    artefacts: undefined,
    onOutput: (text) => {
      if (!text.startsWith('{')) {
        process.stderr.write(`${text}\n`)
        return
      }
      const line: Line = JSON.parse(text)
      lines.push(line)
      const who = [line.program, line.servers, line.process].filter((part) => part !== undefined).join(' ')
      process.stdout.write(`  ${who}: ${line.what} ${line.value.toFixed(1)}\n`)
    },
  })
  process.stdout.write(`\n${report(lines)}\n`)
  if (!options.full) process.stdout.write('keepalived was not asked to reload more than 10,000 (--full)\n')
  if (exitStatus !== 0) process.stderr.write(`the guest ended with ${exitStatus}; its console:\n${console}\n`)
  return exitStatus !== 0 || lines.some(({ what }) => what === 'failed') ? 1 : 0
}
