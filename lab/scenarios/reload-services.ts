import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import type { KernelChange } from '../../src/base/kernel-change.js'
import type { DirectorStatus } from '../../src/base/status.js'
import type { ReloadPlan } from '../../src/config/reload-plan.js'
import { frontAddress, virtualAddress } from '../addresses.js'
import { Director } from '../director.js'
import { recordWindow, sessionsSettled } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

const web = `tcp ${virtualAddress}:80`
const idle = (name: string, port: number): string => `
[[virtual_service]]
name = "${name}"
address = "${virtualAddress}:${port}"
check = { type = "none" }
real_servers = ["${frontAddress('rs1')}:${port}"]
`

/** In `web` only, which comes first in the file. */
const line = (name: 'rs1' | 'rs2' | 'rs3', weight?: number): string => {
  const more = weight === undefined ? '' : `, weight = ${weight}`
  return `  { name = "${name}", address = "${frontAddress(name)}:80"${more} },\n`
}

type Counts = Readonly<Record<string, number>>

const done = (status: DirectorStatus): Counts =>
  Object.fromEntries(
    Object.entries(status.table?.operations ?? {}).map(([kind, results]) => {
      assert.deepEqual(Object.keys(results), ['OK'], `${kind} was refused`)
      return [kind, results.OK ?? 0]
    }),
  )

const kinds = { added: 'new', changed: 'set', removed: 'del' } as const

/** What a plan announces, in the words in which the daemon counts what it does. */
function announced(changes: readonly KernelChange[]): Counts {
  const counts: Record<string, number> = {}
  for (const { change, server } of changes) {
    const kind = `${kinds[change]}${server === null ? 'Service' : 'Dest'}`
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

const difference = (after: Counts, before: Counts): Counts =>
  Object.fromEntries(
    Object.entries(after)
      .map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )

async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const lb1 = new Director(lab, 'lb1')
  // What is planned is done at once.
  const base = readFileSync(lb1.configFile, 'utf8').replace(
    'name = "web"\n',
    'name = "web"\ndrain_timeout = "0s"\n',
  )
  const write = (members: string, more: string): void => {
    const text = `${base.replace(line('rs1') + line('rs2') + line('rs3'), members)}${more}`
    assert.ok(text.includes(members))
    writeFileSync(lb1.configFile, text)
  }
  write(line('rs1') + line('rs2'), idle('old', 9000))
  lb1.start()
  await lb1.untilState('active', 30000)
  await lb1.untilHealthy(30000)
  // A busy machine may answer late, which is no loss.
  const load = lab.load({ sessions: 60, timeLimit: 3000 })
  await load.ready()
  load.mark('reload')

  const reloads = async (members: string, more: string, expected: readonly string[]): Promise<void> => {
    write(members, more)
    const before = await lb1.until('answers', 5000, () => true)
    const since = sinceOf(before)
    const text = await lab.topology.run('lb1', lb1.command('plan'))
    for (const one of expected) assert.ok(text.includes(`\n${one}\n`), `${one} is missing in:\n${text}`)
    const plan: ReloadPlan = JSON.parse(await lab.topology.run('lb1', lb1.command('plan', '--json')))
    assert.deepEqual(
      done(await lb1.until('answers', 5000, () => true)),
      done(before),
      'a plan touches nothing',
    )
    const begun = performance.now()
    await lab.topology.run('lb1', lb1.command('reload'))
    const took = Math.round(performance.now() - begun)
    let seen: Counts = {}
    await until(
      'what was planned is done',
      20000,
      async () => {
        const status = await lb1.status()
        if (status === undefined) return undefined
        seen = difference(done(status), done(before))
        return JSON.stringify(sorted(seen)) === JSON.stringify(sorted(announced(plan.kernel)))
          ? true
          : undefined
      },
      () => ({ seen, planned: announced(plan.kernel) }),
    )
    lab.record('planned and done', `${JSON.stringify(sorted(seen))}, ${took} ms with the command's own start`)
    const after = await lb1.untilHealthy(30000)
    for (const [server, moment] of sinceOf(after)) {
      const earlier = since.get(server)
      // Ages are told to the millisecond, and the two clocks are read one after the other.
      if (earlier !== undefined) assert.ok(Math.abs(moment - earlier) < 1000, `${server} lost its history`)
    }
  }

  await reloads(line('rs1', 50) + line('rs2', 0) + line('rs3'), idle('old', 9000) + idle('new', 9001), [
    `  ${web}`,
    `~   ${frontAddress('rs1')}:80: weight 100 -> 50`,
    `~   ${frontAddress('rs2')}:80: weight 100 -> 0`,
    `+   ${frontAddress('rs3')}:80: direct, weight 100`,
    `+ tcp ${virtualAddress}:9001: wlc`,
  ])
  await load.until('100 more are answered', 20000, ({ tcp }) => tcp.answered >= 100)
  await reloads(line('rs1', 50) + line('rs3'), idle('new', 9001), [
    `-   ${frontAddress('rs2')}:80: direct, weight 0`,
    `- tcp ${virtualAddress}:9000: 1 servers`,
  ])
  const table = await lb1.ipvsTable()
  assert.ok(
    !table.includes(`${virtualAddress}:80 -r ${frontAddress('rs2')}`) && !table.includes(':9000'),
    table,
  )
  await load.until('100 more are answered', 20000, ({ tcp }) => tcp.answered >= 300)
  const { sessions } = await sessionsSettled(load)
  const window = await load.close()
  recordWindow(lab, window)
  assert.deepEqual([window.tcp.lost, window.udp.lost, sessions.ended], [0, 0, 0])
  const quiet = JSON.parse(await lab.topology.run('lb1', lb1.command('plan', '--json')))
  assert.deepEqual([quiet.changes, quiet.kernel], [[], []])
}

const sorted = (counts: Counts): readonly (readonly [string, number])[] =>
  Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))

/** When each server's health last changed, in ms of this process's clock. */
function sinceOf({ virtualServices }: DirectorStatus): ReadonlyMap<string, number> {
  const now = performance.now()
  return new Map(
    virtualServices.flatMap(({ name, realServers }) =>
      realServers.flatMap((server) =>
        server.health === 'healthy'
          ? [[`${name}/${server.name}`, now - server.sinceSeconds * 1000] as const]
          : [],
      ),
    ),
  )
}

export const reloadServices: Scenario = {
  name: 'reload-services',
  summary: 'a reload does to the table what `vipair plan` said, loses no request and no check’s history',
  forwarding: 'direct',
  run,
}
