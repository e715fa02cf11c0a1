/** Runs inside the guest: the demo's story, shown live. Usage: inside [--keep] */
import type { DirectorName } from '../addresses.js'
import { startPair } from '../director.js'
import { type Lab, withLab } from '../lab.js'
import { openPrompt } from '../prompt.js'
import { LineDisplay, TerminalDisplay } from './display.js'
import { activeDies, activeReturns, type Row, type Stage, serverDies, serverReturns } from './story.js'
import { formatTable } from './table.js'
import { Watch } from './watch.js'

const keep = process.argv.includes('--keep')
const begun = performance.now()
const display = process.stdout.isTTY ? new TerminalDisplay() : new LineDisplay()
const hooks = { onRecord: () => {}, onSay: (text: string): void => display.result(text) }

const table = (rows: readonly Row[]): string =>
  formatTable([
    ['what happened', 'longest gap', 'requests lost', 'sessions alive', 'time'],
    ...rows.map(({ what, gap, lost, alive, sessions, took }) => [
      what,
      `${gap} ms`,
      `${lost}`,
      `${alive} of ${sessions}`,
      took,
    ]),
  ])

async function story(lab: Lab): Promise<void> {
  display.announce('Two directors, three web servers and a client are starting')
  const options = { onDown: 'remove', preempt: 'when_synced' } as const
  const servers = await lab.servers()
  const pair = await startPair(lab, options)
  display.result('lb1 is Active, lb2 Backup; each has found the three servers healthy')
  const watch = new Watch(display, pair)
  const load = lab.load({
    tcpEvery: 20,
    udpEvery: 50,
    lineEvery: 1000,
    onReport: (report) => watch.report(report),
  })
  await load.ready()
  display.result(
    'the client opens a connection each 20 ms, sends a UDP request each 50 ms and holds 100 sessions',
  )
  const stage: Stage = { lab, pair, load, display }
  const rows: Row[] = []
  rows.push(await serverDies(stage, servers.rs2))
  rows.push(await serverReturns(stage))
  rows.push(await activeDies(stage))
  rows.push(await activeReturns(stage))
  watch.end()
  display.end()
  process.stdout.write(`\n${table(rows)}\n\n`)
  process.stdout.write(`Took ${Math.round((performance.now() - begun) / 1000)} s.\n`)
  if (!keep) return
  await load.stop()
  const vipair = (name: DirectorName): string[] => lab.topology.command(name, pair[name].command('"$@"'))
  const commands = { 'vipair-lb1': vipair('lb1'), 'vipair-lb2': vipair('lb2') }
  await openPrompt(
    lab,
    commands,
    'The pair still runs:              vipair-lb1 status      vipair-lb2 status\n',
  )
}

try {
  await withLab(process.env.VIPAIR_ARTEFACTS ?? '/tmp', 'direct', hooks, story)
} catch (error) {
  display.end()
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
