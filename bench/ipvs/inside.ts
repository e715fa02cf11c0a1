/**
 * Runs inside the guest, whose kernel it has to itself: each program alone, at each size. Prints what it
 * measures as one JSON object a line.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from '../../lab/shell-command.js'
import { ipvsadmRules, type Services, serverAddress, serviceAddress } from './files.js'
import { Kernel } from './kernel.js'
import { figuresOf, type Start, startKeepalived, startVipair } from './program.js'
import type { Line } from './report.js'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,5000,10000,30000' },
    'keepalived-reload': { type: 'string', default: '10000' },
  },
})
const { execPath: node } = process
const sizes = values.sizes.split(',').map(Number)
const keepalivedReload = Number(values['keepalived-reload'])
const largest = Math.max(...sizes)
const limit = 240_000
const tell = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const pause = (span: number) => new Promise((resolve) => setTimeout(resolve, span))
const folder = mkdtempSync(join(tmpdir(), 'vipair-bench-'))
const kernel = await Kernel.open()

const flush = async (): Promise<void> => {
  await run(['ipvsadm', '-C'])
  await kernel.untilEmpty(limit)
}

async function measure(start: Start, services: Services): Promise<void> {
  const { servers } = services
  const begun = performance.now()
  const program = start(folder, services)
  const { name } = program
  const note = (what: Line['what'], value: number): void => tell({ program: name, servers, what, value })
  try {
    note('start', await kernel.untilComplete(servers, begun, limit))
    // Whatever else a start brings with it has ended.
    await pause(3_000)
    const applied = program.firstApply()
    if (applied !== undefined) note('first apply', applied)
    let weight = services.firstWeight
    if (name === 'vipair' || servers <= keepalivedReload) {
      try {
        for (const firstWeight of [7, 8, 9]) {
          weight = firstWeight
          program.write({ ...services, firstWeight })
          const since = performance.now()
          program.reload()
          note('reload', await kernel.untilWeight(firstWeight, since, limit))
          await pause(500)
        }
        if (program.reloadByCommand) {
          weight = 10
          program.write({ ...services, firstWeight: weight })
          const since = performance.now()
          await program.reloadByCommand()
          note('reload, by command', performance.now() - since)
          await kernel.untilWeight(weight, since, limit)
        }
      } catch (error) {
        kernel.giveUp()
        // What else there is to know of it is measured all the same.
        tell({ program: name, servers, what: 'failed', value: 0, process: String(error) })
      }
    }
    if (servers !== largest) return
    if (name === 'vipair') {
      const before = new Map(figuresOf(program).map((one) => [one.name, one.cpu]))
      await pause(20_000)
      for (const { name: process, cpu } of figuresOf(program))
        tell({
          program: name,
          servers,
          what: 'idle CPU, % of a core',
          value: (cpu - (before.get(process) ?? 0)) * 5,
          process,
        })
      const since = performance.now()
      const where = ['-t', `${serviceAddress(0)}:80`, '-r', `${serverAddress(0, 0)}:80`]
      await run(['ipvsadm', '-e', ...where, '-m', '-w', '77'])
      note('drift repaired', await kernel.untilWeight(weight, since, limit))
    }
    for (const { name: process, peakRss, pss } of figuresOf(program)) {
      tell({ program: name, servers, what: 'peak RSS, MB', value: peakRss, process })
      tell({ program: name, servers, what: 'PSS, MB', value: pss, process })
    }
  } finally {
    await program.stop()
    await flush()
  }
}

/** What a start cannot be shorter than: the main and the ipvs process, before they do anything. */
async function measureFloor(servers: number): Promise<void> {
  const begun = performance.now()
  for (let process = 0; process < 2; process++) await run([node, '-e', '0'])
  tell({ program: '2 x node -e 0', servers, what: 'start', value: performance.now() - begun })
}

for (const servers of sizes) {
  await measureFloor(servers)
  for (const start of [startKeepalived, startVipair]) {
    await measure(start, { servers, firstWeight: 100 }).catch((error: unknown) =>
      tell({
        program: start === startVipair ? 'vipair' : 'keepalived',
        servers,
        what: 'failed',
        value: 0,
        process: String(error),
      }),
    )
  }
  if (servers === largest) {
    const since = performance.now()
    await run(['ipvsadm', '-R'], ipvsadmRules({ servers, firstWeight: 100 }))
    tell({ program: 'ipvsadm -R', servers, what: 'start', value: performance.now() - since })
    await flush()
  }
}
kernel.close()
