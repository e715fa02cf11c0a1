/** `checks`: what a check costs, on this machine, and in the guest beside keepalived, which wants IPVS. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { runInGuest } from '../../lab/guest/run-in-guest.js'
import { built } from '../../lab/paths.js'
import { type Line, report } from './report.js'

export const checksUsage = `usage: npm run bench -- checks [--where host|guest|both] [--rates 3000,10000] [--guest-rate 300]
       [--many 30000] [--churn 4] [--seconds 10]
TCP and HTTP checks a CPU-second: vipair on this machine, vipair and keepalived in the guest. On this machine also
--many servers each 10 s: lateness, memory, and memory while all servers are replaced --churn times. As root.`

/** Milliseconds. */
const patience = 450_000

/** Answers the exit status. */
export async function checks(argv: readonly string[]): Promise<number> {
  const wanted = {
    where: { type: 'string', default: 'both' },
    rates: { type: 'string', default: '3000,10000' },
    'guest-rate': { type: 'string', default: '300' },
    many: { type: 'string', default: '30000' },
    churn: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '10' },
  } as const
  let options: { [key in keyof typeof wanted]: string }
  try {
    options = parseArgs({ args: [...argv], options: wanted }).values
    if (!['host', 'guest', 'both'].includes(options.where)) throw new Error('--where is host, guest or both')
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${checksUsage}\n`)
    return 2
  }
  let status = 0
  if (options.where !== 'guest') {
    const { rates, many, churn, seconds } = options
    const words = [`--rates=${rates}`, `--many=${many}`, `--churn=${churn}`, `--seconds=${seconds}`]
    const { lines, exitStatus } = await onHost(words)
    process.stdout.write(`\nThis machine\n${report(lines)}\n`)
    status = Math.max(status, exitStatus)
  }
  if (options.where !== 'host') {
    const words = [`--rates=${options['guest-rate']}`, `--seconds=${options.seconds}`, '--keepalived']
    const lines: Line[] = []
    const { exitStatus, console } = await runInGuest({
      flavour: 'uml',
      argv: [process.execPath, built('bench/checks/inside'), ...words],
      timeout: patience,
      artefacts: undefined,
      onOutput: (text) => take(text, lines),
    })
    process.stdout.write(`\nThe guest\n${report(lines)}\n`)
    if (exitStatus !== 0)
      process.stderr.write(`the guest ended with ${exitStatus}; its console:\n${console}\n`)
    status = Math.max(status, exitStatus)
  }
  return status === 0 ? 0 : 1
}

/** In a network namespace of its own, which ends with it. */
async function onHost(words: readonly string[]): Promise<{ lines: Line[]; exitStatus: number }> {
  const lines: Line[] = []
  const child = spawn('unshare', ['-n', process.execPath, built('bench/checks/inside'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  for await (const text of createInterface({ input: child.stdout })) take(text, lines)
  return { lines, exitStatus: await ended }
}

function take(text: string, lines: Line[]): void {
  if (!text.startsWith('{')) {
    process.stderr.write(`${text}\n`)
    return
  }
  const line: Line = JSON.parse(text)
  lines.push(line)
  process.stdout.write(
    `  ${line.program} ${line.kind} ${line.rate}/s: ${line.what} ${line.value.toFixed(1)}\n`,
  )
}
