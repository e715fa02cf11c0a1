import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { ports, type ServerName, virtualAddress } from '../addresses.js'
import { type Director, startPair } from '../director.js'
import { serverAddress } from '../ipvs-table.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

const patience = 15000

async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const { lb1, lb2 } = await startPair(lab)
  const both = [lb1, lb2]
  /** What the person who types it reads. */
  const order = (director: Director, ...words: string[]): Promise<string> =>
    lab.topology.run(director.name, director.command('server', ...words))
  const weightOf = async (
    director: Director,
    port: number,
    name: ServerName,
  ): Promise<number | undefined> => {
    const place = `-t ${virtualAddress}:${port} -r ${serverAddress(name, lab.forwarding)}:${port} `
    const line = (await director.ipvsTable()).split('\n').find((each) => each.includes(place))
    return line === undefined ? undefined : Number(/-w (\d+)/.exec(line)?.[1])
  }
  const untilWeight = (director: Director, port: number, name: ServerName, weight: number | undefined) =>
    until(`${director.name}: ${name} has weight ${weight} on ${port}`, patience, async () =>
      (await weightOf(director, port, name)) === weight ? true : undefined,
    )
  const adminOf = (director: Director, service: string, name: ServerName, admin: string, at: string | null) =>
    director.until(`${service}/${name} is ${admin}`, patience, ({ virtualServices }) =>
      virtualServices.some(
        (each) =>
          each.name === service &&
          each.realServers.some(
            (server) => server.name === name && server.admin === admin && server.adminDirector === at,
          ),
      ),
    )

  lab.say('an order on the Active holds on both')
  const answer = await order(lb1, 'web', 'rs1', 'quiesce', '--reason', 'new disk')
  lab.record('the answer', answer.trim())
  assert.match(answer, /^web: rs1: quiesce; lb2 has it too$/m)
  for (const director of both) {
    await adminOf(director, 'web', 'rs1', 'quiesce', 'lb1')
    await untilWeight(director, ports.http, 'rs1', 0)
  }

  lab.say('and on the one that takes over')
  await lb1.process.kill()
  await lb2.untilState('active', patience)
  assert.equal(await weightOf(lb2, ports.http, 'rs1'), 0)

  lab.say('what is said while a director is away, it learns when it returns')
  await lb2.until('misses its peer', patience, ({ peer }) => peer?.reachable === false)
  const enabled = await order(lb2, 'web', 'rs1', 'enable')
  assert.match(enabled, /^web: rs1: enable; lb1 will be told when it is reachable$/m)
  await order(lb2, 'echo', 'rs2', 'disable')
  // It comes back with a file that says quiesce.
  lb1.start()
  for (const director of both) {
    await adminOf(director, 'web', 'rs1', 'enabled', null)
    await adminOf(director, 'echo', 'rs2', 'disable', 'lb2')
    await untilWeight(director, ports.http, 'rs1', 100)
    await untilWeight(director, ports.echo, 'rs2', undefined)
  }

  lab.say('it outlives restarts of both, and the loss of one runtime directory')
  for (const director of both) await director.process.stop()
  rmSync(join(lb1.runtimeFolder, 'servers.json'))
  for (const director of both) director.start()
  for (const director of both) {
    await adminOf(director, 'web', 'rs1', 'enabled', null)
    await adminOf(director, 'echo', 'rs2', 'disable', 'lb2')
    await untilWeight(director, ports.echo, 'rs2', undefined)
  }

  lab.say('both views are known to both')
  for (const director of both)
    await director.until('knows how its peer sees the servers', 30000, ({ peer, virtualServices }) => {
      const servers = virtualServices.flatMap(({ realServers }) => realServers)
      return (
        (peer?.view?.ageSeconds ?? 99) < 3 && servers.every((server) => server.peer?.health === 'healthy')
      )
    })

  lab.say('lb1 alone loses its way to rs3')
  const nobody = ['lladdr', '02:00:00:00:00:99', 'nud', 'permanent']
  const neighbour = serverAddress('rs3', lab.forwarding)
  await lab.topology.run('lb1', ['ip', 'neigh', 'replace', neighbour, 'dev', 'eth0', ...nobody])
  const warned = await Promise.all([
    lb1.until('warns', 60000, ({ warnings }) =>
      warnings.some((line) => /^web: rs3 is unhealthy here \(.+\) and healthy for lb2 \(.+\)/.test(line)),
    ),
    lb2.until('warns', 60000, ({ warnings }) =>
      warnings.some((line) => /^web: rs3 is healthy here \(.+\) and unhealthy for lb1 \(.+\)/.test(line)),
    ),
  ])
  for (const { director, warnings } of warned)
    lab.record(`${director} warns`, warnings.find((line) => line.startsWith('web: rs3')) ?? '')
  const shown = await lab.topology.run('lb1', lb1.command('status'))
  assert.match(shown, /rs3 +unhealthy +healthy/)
  assert.match(shown, /its view of the servers \d/)

  lab.say('and finds it again')
  await lab.topology.run('lb1', ['ip', 'neigh', 'del', neighbour, 'dev', 'eth0'])
  for (const director of both)
    await director.until('warns no more', 60000, ({ warnings }) =>
      warnings.every((line) => !line.includes('rs3 is ')),
    )
}

export const twoDirectors: Scenario = {
  name: 'two-directors',
  summary: "operators' orders hold on both directors whatever happens, and their views stand side by side",
  forwarding: 'direct',
  run,
}
