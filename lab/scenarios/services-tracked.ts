import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectorName, serverNames } from '../addresses.js'
import { type Director, startPair } from '../director.js'
import { serverAddress } from '../ipvs-table.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

const hold = 1000

/** Every change of role that the director has logged, `Backup -> Active`. */
const roleChanges = (lab: Lab, name: DirectorName): readonly string[] =>
  [
    ...readFileSync(join(lab.artefacts, `${name}-vipair.log`), 'utf8').matchAll(/ front: (\w+ -> \w+), /g),
  ].map(([, change = '']) => change)

const healthyServers = (director: Director, count: number): Promise<unknown> =>
  director.until(`sees ${count} healthy servers a service`, 30000, ({ virtualServices }) =>
    virtualServices.every(
      ({ realServers }) => realServers.filter(({ health }) => health === 'healthy').length === count,
    ),
  )

async function run(lab: Lab): Promise<void> {
  const servers = await lab.servers()
  const { lb1, lb2 } = await startPair(lab, {
    front: `track = [ { services = true, weight = -60, hold = "${hold}ms" } ]`,
  })
  const before = { lb1: roleChanges(lab, 'lb1').length, lb2: roleChanges(lab, 'lb2').length }
  const since = (name: DirectorName): readonly string[] => roleChanges(lab, name).slice(before[name])

  lab.say('lb1 alone loses its way to rs1')
  // Packets leave for a station that is not there: a route that refuses would be this machine's own fault.
  const neighbour = serverAddress('rs1', lab.forwarding)
  const nobody = ['lladdr', '02:00:00:00:00:99', 'nud', 'permanent']
  await lab.topology.run('lb1', ['ip', 'neigh', 'replace', neighbour, 'dev', 'eth0', ...nobody])
  await healthyServers(lb1, serverNames.length - 1)
  await lb2.untilState('active', 15000)
  const fewer = await lb1.untilState('backup', 15000)
  const [router] = fewer.virtualRouters
  assert.match(router?.reason ?? '', /priority 100 over 90 \(track services down\)/)
  lab.record('lb1', router?.reason ?? '')
  assert.match(router?.tracking[0]?.reason ?? '', /lb2 sees \d more healthy server/)
  assert.equal(await lb1.holdsAddress(), false)
  assert.equal(await lb2.holdsAddress(), true)

  lab.say('and finds it again')
  await lab.topology.run('lb1', ['ip', 'neigh', 'del', neighbour, 'dev', 'eth0'])
  await healthyServers(lb1, serverNames.length)
  await lb1.untilState('active', 15000)
  await lb2.untilState('backup', 15000)
  assert.equal(await lb1.holdsAddress(), true)

  lab.say('rs2 fails for both')
  servers.rs2.signal('SIGUSR2')
  await Promise.all([lb1, lb2].map((director) => healthyServers(director, serverNames.length - 1)))
  servers.rs2.signal('SIGUSR2')
  await Promise.all([lb1, lb2].map((director) => healthyServers(director, serverNames.length)))
  for (const director of [lb1, lb2])
    await director.until('sees as many as the other', 15000, ({ virtualRouters }) =>
      virtualRouters.every(({ tracking }) => tracking.every(({ state }) => state === 'up')),
    )
  assert.deepEqual(since('lb1'), ['Active -> Backup', 'Backup -> Active'])
  assert.deepEqual(since('lb2'), ['Backup -> Active', 'Active -> Backup'])
  lab.record('changes of role, lb1 and lb2', `${since('lb1').length} and ${since('lb2').length}`)
}

export const servicesTracked: Scenario = {
  name: 'services-tracked',
  summary: 'the director that sees fewer healthy servers loses the address, and gets it back, once each',
  forwarding: 'direct',
  run,
}
