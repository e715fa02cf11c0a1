import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { type ServerName, serverNames, virtualAddress } from '../addresses.js'
import { command } from '../control.js'
import { Director } from '../director.js'
import { serverAddress } from '../ipvs-table.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

const processes = 3
const interval = 200
const [servedPort, addedPort] = [7000, 7001]

async function run(lab: Lab): Promise<void> {
  const { rs3 } = await lab.servers()
  const service = (name: string, port: number): string => `
[[virtual_service]]
name = "${name}"
address = "${virtualAddress}:${port}"
check = { type = "tcp", interval = "${interval}ms", timeout = "${interval}ms" }
real_servers = [
${serverNames.map((host) => `  { name = "${host}", address = "${serverAddress(host, 'direct')}:${port}" },`).join('\n')}
]
`
  const lb1 = new Director(lab, 'lb1', {
    services: `[healthcheck]\nprocesses = ${processes}\n${service('echo', servedPort)}`,
  })
  lb1.start()
  await lb1.untilState('active', 30000)
  await lb1.untilHealthy(30000)
  await rs3.kill()
  await lb1.until('finds rs3 dead', 15000, (status) => healthOf(status, 'rs3') === 'unhealthy')
  const weights = async (): Promise<string> => {
    const lines = (await lb1.ipvsTable()).split('\n').filter((line) => line.includes(`:${servedPort} -r`))
    return lines.map((line) => line.replace(/.*-w /, '')).join(' ')
  }
  await until('rs3 has weight 0', 10000, async () => ((await weights()) === '100 100 0' ? true : undefined))

  const checkers = async () => {
    const { processes: all } = await lb1.until('has its processes', 15000, (status) =>
      status.processes.every(({ pid }) => pid !== null),
    )
    return all.filter(({ name }) => name.startsWith('healthcheck'))
  }
  const before = await checkers()
  assert.deepEqual(
    before.map(({ name }) => name),
    ['healthcheck', 'healthcheck-2', 'healthcheck-3'],
  )
  for (const { pid } of before) assertPowerless(pid ?? 0)

  const seen = new Set<string>()
  for (const { name, pid } of before) {
    process.kill(pid ?? 0, 'SIGKILL')
    await until(`${name} is there again`, 15000, async () => {
      seen.add(await weights())
      const now = (await lb1.status())?.processes.find((one) => one.name === name)
      return now?.pid != null && now.pid !== pid && isNobody(now.pid) ? true : undefined
    })
  }
  // Long enough for its first verdicts, had they changed anything.
  const settled = performance.now() + 10 * interval
  await until('its checks have run', 15000, async () => {
    seen.add(await weights())
    return performance.now() > settled ? true : undefined
  })
  assert.deepEqual([...seen], ['100 100 0'], 'weights while the processes were killed')
  for (const { pid } of await checkers()) assertPowerless(pid ?? 0)

  const pids = (await checkers()).map(({ pid }) => pid)
  const since = (await lb1.status())?.virtualServices[0]?.realServers.map(({ sinceSeconds }) => sinceSeconds)
  appendFileSync(lb1.configFile, service('more', addedPort))
  await command(lb1.runtimeFolder, '/v1/reload')
  const after = await lb1.until('has the new service', 15000, ({ virtualServices }) =>
    virtualServices.some(
      ({ name, realServers }) => name === 'more' && realServers.every(({ health }) => health !== 'unknown'),
    ),
  )
  for (const [i, { sinceSeconds }] of (after.virtualServices[0]?.realServers ?? []).entries())
    assert.ok(sinceSeconds >= (since?.[i] ?? 0), 'a reload began a history anew')
  assert.deepEqual(
    (await checkers()).map(({ pid }) => pid),
    pids,
  )

  await lab.server('rs3')
  await lb1.until('finds rs3 again', 15000, (status) => healthOf(status, 'rs3') === 'healthy')
  await until('all have their weight', 10000, async () =>
    (await weights()) === '100 100 100' ? true : undefined,
  )
  lab.record(
    'killed',
    `${before.map(({ name }) => name).join(', ')}; weights throughout: ${[...seen].join(' | ')}`,
  )
}

const healthOf = (
  { virtualServices }: Awaited<ReturnType<Director['untilHealthy']>>,
  host: ServerName,
): string | undefined => virtualServices[0]?.realServers.find(({ name }) => name === host)?.health

/** A line of proc(5). */
function statusOf(pid: number, key: string): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return new RegExp(`^${key}:[\\t ]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? ''
}

/** In a process that has only begun, this is yet to come. */
const isNobody = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && ['Uid', 'Gid'].every((key) => /^(65534\s*){4}$/.test(statusOf(pid, key)))

/** Not one capability that it could still use or take. */
function assertPowerless(pid: number): void {
  assert.ok(isNobody(pid))
  for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb']) assert.match(statusOf(pid, set), /^0+$/, set)
  assert.equal(statusOf(pid, 'Groups'), '')
}

export const healthcheckKilled: Scenario = {
  name: 'healthcheck-killed',
  summary: 'each of three healthcheck processes killed: no weight changes, and a reload keeps what they know',
  forwarding: 'direct',
  run,
}
