import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { virtualAddress } from '../addresses.js'
import { command } from '../control.js'
import { Director } from '../director.js'
import { recordWindow, sessionsSettled } from '../failover.js'
import type { Killed } from '../ipvs-killer.js'
import type { Lab } from '../lab.js'
import { built } from '../paths.js'
import type { Scenario } from '../scenario.js'
import { busyMachine, until } from '../wait.js'

const kills = 10
/** A kill that came too late is not counted, and tried again: at most so many in all. */
const attempts = 15
/** Of a size that is read where the daemon runs, not in a process of its own. */
const services = 12
const serversEach = 100

/** Weight and members differ with every round, so that each reload changes, adds and removes. */
const members = (round: number): readonly number[] =>
  Array.from({ length: serversEach }, (_, i) => i + (round % 2) * 10)
const address = (service: number, member: number): string => `10.3.${service}.${member + 1}:80`
const weight = (round: number): number => 10 + round

function bulk(round: number): string {
  const each = Array.from({ length: services }, (_, service) => {
    const servers = members(round).map(
      (member) => `{ address = "${address(service, member)}", weight = ${weight(round)} }`,
    )
    return `
[[virtual_service]]
name = "bulk${service}"
address = "${virtualAddress}:${10000 + service}"
forwarding = "nat"
check = { type = "none" }
drain_timeout = "0s"
real_servers = [${servers.join(', ')}]
`
  })
  return each.join('')
}

const rules = (round: number): readonly string[] =>
  Array.from({ length: services }, (_, service) =>
    members(round).map(
      (member) =>
        `-a -t ${virtualAddress}:${10000 + service} -r ${address(service, member)} -m -w ${weight(round)}`,
    ),
  ).flat()

/** The servers of the bulk, as `ipvsadm -Sn` prints them. */
const bulkOf = (table: string): readonly string[] =>
  table.split('\n').flatMap((line) => {
    const rule = line.trim()
    return /^-a -t \S+:10\d{3} /.test(rule) ? [rule] : []
  })

const pause = (span: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, span))

/** Fixed, so that a run can be repeated; good enough for moments. */
function* moments(): Generator<number> {
  for (let seed = 7; ; ) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    yield seed / 2 ** 31
  }
}

/** Ends the process when it has come to that service. */
async function killAmid(
  lab: Lab,
  victim: number,
  service: number,
  wanted: number,
  begin: () => Promise<void>,
): Promise<Killed> {
  const lines: string[] = []
  const words = [`${victim}`, virtualAddress, `${10000 + service}`, `${wanted}`]
  const killer = lab.topology.spawn('lb1', 'killer', [process.execPath, built('lab/ipvs-killer'), ...words], {
    onLine: (line) => lines.push(line),
  })
  await until('the killer looks at the table', 10000 * busyMachine, () => lines[0])
  await begin()
  return until('the apply begins', 10000 * busyMachine, () => {
    if (!killer.running && lines.length < 2) throw new Error('the killer ended')
    return lines[1] === undefined ? undefined : JSON.parse(lines[1])
  })
}

async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const lb1 = new Director(lab, 'lb1')
  const base = readFileSync(lb1.configFile, 'utf8')
  const write = (round: number): void => writeFileSync(lb1.configFile, base + bulk(round))
  const stands = async (round: number): Promise<void> => {
    const wanted = [...rules(round)].sort().join('\n')
    const deadline = performance.now() + 15000 * busyMachine
    // Listing thousands of servers over and over would slow down what is waited for.
    for (;;) {
      if ([...bulkOf(await lb1.ipvsTable())].sort().join('\n') === wanted) return
      if (performance.now() > deadline) throw new Error(`the table of round ${round} does not stand`)
      await pause(250)
    }
  }
  const pid = async (): Promise<number> => {
    const { processes } = await lb1.until('has an ipvs process', 15000, ({ processes }) =>
      processes.some((one) => one.name === 'ipvs' && one.pid !== null),
    )
    return processes.find(({ name }) => name === 'ipvs')?.pid ?? 0
  }
  write(0)
  lb1.start()
  await lb1.untilState('active', 30000)
  await lb1.until('finds its servers healthy', 30000, ({ virtualServices }) =>
    virtualServices.every(
      ({ name, realServers }) =>
        name.startsWith('bulk') || realServers.every(({ health }) => health === 'healthy'),
    ),
  )
  await stands(0)
  const load = lab.load({ sessions: 60, timeLimit: 3000 })
  await load.ready()
  load.mark('kills')

  const moment = moments()
  const seen: string[] = []
  for (let round = 1; seen.length < kills && round <= attempts; round++) {
    write(round)
    // Services are changed in their order, and the last of them are left for after the kill.
    const watched = Math.floor(services * 0.5 * (moment.next().value ?? 0))
    const { changed, all } = await killAmid(lab, await pid(), watched, weight(round), async () => {
      await command(lb1.runtimeFolder, '/v1/reload')
    })
    if (changed > 0 && changed < all) seen.push(`${changed} of ${all}`)
    await stands(round)
  }
  lab.record('changed when it was killed', seen.join(', '))
  assert.equal(seen.length, kills, `kills in the middle of an apply, of ${attempts}`)
  const { sessions } = await sessionsSettled(load)
  const window = await load.close()
  recordWindow(lab, window)
  assert.deepEqual([window.tcp.lost, window.udp.lost, sessions.ended], [0, 0, 0])
}

export const ipvsKilled: Scenario = {
  name: 'ipvs-killed',
  summary:
    'the ipvs process killed ten times amid the apply of 1,200 servers: the table ends right, no session is lost',
  forwarding: 'direct',
  run,
}
