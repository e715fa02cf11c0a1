import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ports, serverNames, virtualAddress } from '../addresses.js'
import { Director } from '../director.js'
import { serverAddress } from '../ipvs-table.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'
import { busyMachine, until } from '../wait.js'

/** Each costs this kernel tens of milliseconds, and as much again to tell the hook. */
const many = 40

/** Each server's exit status is in a file of its name; a hook adds what it is told to another file. */
async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const folder = mkdtempSync(join(tmpdir(), 'vipair-scripts-'))
  chmodSync(folder, 0o755)
  const out = join(folder, 'out')
  mkdirSync(out)
  chmodSync(out, 0o1777)
  const program = (name: string, body: string): string => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(folder, name), 0o755)
    return join(folder, name)
  }
  const answer = (server: (typeof serverNames)[number], status: number): void =>
    writeFileSync(join(folder, serverAddress(server, lab.forwarding)), `${status}\n`)
  const check = program(
    'check',
    `read status < ${folder}/$VIPAIR_ADDRESS; echo "asked for $status"; exit $status`,
  )
  const hook = program('hook', `cat >> ${out}/told`)
  for (const server of serverNames) answer(server, 0)

  const servers = serverNames.map(
    (name) => `{ name = "${name}", address = "${serverAddress(name, lab.forwarding)}:${ports.http}" }`,
  )
  const bulk = Array.from({ length: many }, (_, i) => `"10.9.${i >> 8}.${i & 255}:${ports.http}"`)
  const always = program('always', 'exit 0')
  const lb1 = new Director(lab, 'lb1', {
    services: `
[healthcheck]
processes = 3

[[virtual_service]]
name = "web"
address = "${virtualAddress}:${ports.http}"
check = { type = "script", command = ["${check}"], weight_from_exit = true, interval = "1s", timeout = "5s", rise = 1, fall = 2 }
real_servers = [${servers.join(', ')}]

[[virtual_service]]
name = "bulk"
address = "${virtualAddress}:7000"
forwarding = "nat"
check = { type = "script", command = ["${always}"], interval = "20s", timeout = "10s", rise = 1, fall = 1 }
real_servers = [${bulk.join(', ')}]

[[hook]]
on = ["server.health", "service.health"]
command = ["${hook}"]
`,
  })
  lb1.start()
  await lb1.untilState('active', 30_000)
  const weights = async (): Promise<string> =>
    (await lb1.ipvsTable())
      .split('\n')
      .filter((line) => line.startsWith(`-a -t ${virtualAddress}:${ports.http} `))
      .map((line) => line.split(' ').at(-1))
      .join(' ')
  const untilWeights = async (wanted: string): Promise<void> => {
    let seen = ''
    await until(
      `weights ${wanted}`,
      20_000 * busyMachine,
      async () => {
        seen = await weights()
        return seen === wanted || undefined
      },
      () => seen,
    )
  }
  const ofWeb = async () => {
    const status = await lb1.status()
    return status?.virtualServices.find(({ name }) => name === 'web')?.realServers ?? []
  }
  const full = serverNames.map(() => '100')
  await untilWeights(full.join(' '))

  const [first] = serverNames
  answer(first, 42)
  await untilWeights(['40', ...full.slice(1)].join(' '))
  answer(first, 1)
  await untilWeights(['0', ...full.slice(1)].join(' '))
  const { reason } = (await ofWeb()).find(({ name }) => name === first) ?? { reason: '' }
  lab.record('reason', reason)
  assert.match(reason, /^script .*\/check: exit status 1: asked for 1 \(2 of 2 failed\)$/)
  answer(first, 0)
  await untilWeights(full.join(' '))

  // What cannot be run counts for no server, and says why.
  chmodSync(check, 0o777)
  const refused = await lb1.until('warns', 20_000, ({ warnings }) =>
    warnings.some((line) => line.includes(`mode 0777 lets others write to it (chmod go-w ${check})`)),
  )
  const programs = refused.processes.find(({ name }) => name === 'programs')?.pid ?? 0
  process.kill(programs, 'SIGKILL')
  await lb1.until('has another one', 30_000, ({ processes }) =>
    processes.some(({ name, pid }) => name === 'programs' && pid !== null && pid !== programs),
  )
  assert.equal(await weights(), full.join(' '))
  chmodSync(check, 0o755)
  await lb1.until('warns no more', 30_000, ({ warnings }) => !warnings.some((line) => line.includes('0777')))

  const begun = performance.now()
  const settled = await lb1.until(`judges ${many} servers`, 150_000, ({ virtualServices }) =>
    virtualServices.every(({ realServers }) => realServers.every(({ health }) => health === 'healthy')),
  )
  lab.record(`${many} scripts more`, `all healthy, ${Math.round((performance.now() - begun) / 1000)} s later`)
  assert.equal(settled.virtualRouters[0]?.state, 'active')

  const told = () =>
    (existsSync(`${out}/told`) ? readFileSync(`${out}/told`, 'utf8') : '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  const changes = await until(
    'the hook is told of it all',
    120_000 * busyMachine,
    () => {
      const lines = told()
      const bulks = lines.filter(({ subject }) => subject.startsWith('bulk/'))
      return new Set(bulks.map(({ subject }) => subject)).size === many ? lines : undefined
    },
    () => `${told().length} lines`,
  )
  const generations = changes.map(({ generation }) => generation)
  assert.deepEqual(generations, [...new Set(generations)].sort())
  const of = changes.filter(({ subject }) => subject === `web/${first}`).map(({ state }) => state)
  // What was followed by something newer before it could be told is left out.
  assert.ok(
    ['healthy', 'healthy unhealthy healthy'].includes(of.filter((state, i) => state !== of[i - 1]).join(' ')),
  )
}

export const scriptChecks: Scenario = {
  name: 'script-checks',
  summary:
    'scripts set weights and health, 40 more beside them, and a hook is told; a killed programs process changes nothing',
  forwarding: 'direct',
  run,
}
