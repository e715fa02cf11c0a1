/** `vipair real-server SERVICE`: what this machine needs to be one of the service's real servers. Needs no daemon. */
import { execFile } from 'node:child_process'
import { equalIp, type IpAddress, type IpPrefix, isInNetwork } from '../base/ip.js'
import { loadConfig } from '../config/load.js'
import type { Config, RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import { formatProblem } from '../config/problem.js'
import { type RealServerNeeds, type Step, type Steps, stepsFor } from './real-server-steps.js'

export interface RealServerOptions {
  /** Name within the service; undefined: the one that all have in common. */
  readonly server?: string
  readonly apply?: boolean
  readonly remove?: boolean
  readonly json?: boolean
  /** Of the path from the director; 1500 where it is absent. */
  readonly mtu?: number
}

export interface RealServerIo {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
  /** Runs a program to its end: undefined when it succeeded, otherwise what it complained of. */
  readonly run: (argv: readonly string[]) => Promise<string | undefined>
}

/** Exit status: 0 done or told; 1 refused or failed, with the reason; 2 an invalid file. */
export async function runRealServer(
  file: string,
  serviceName: string,
  options: RealServerOptions,
  io: RealServerIo,
): Promise<number> {
  const loaded = await loadConfig(file)
  if (!loaded.ok) {
    for (const problem of loaded.error) io.error(`${formatProblem(file, problem)}\n`)
    return 2
  }
  const { config } = loaded.value
  const service = config.virtualServices.find(({ name }) => name === serviceName)
  if (!service) {
    const names = config.virtualServices.map(({ name }) => name).join(', ')
    io.error(`real-server: no virtual service ${serviceName} in ${file}: it has ${names || 'none'}\n`)
    return 1
  }
  const chosen = choose(config, service, options)
  if (typeof chosen === 'string') {
    io.error(`real-server: ${chosen}\n`)
    return 1
  }
  if (options.apply && options.remove) {
    io.error('real-server: --apply or --remove, not both\n')
    return 1
  }
  const does = options.apply === true || options.remove === true
  if (options.json && does) {
    io.error('real-server: --json only prints: not with --apply or --remove\n')
    return 1
  }
  if (options.json) io.out(`${JSON.stringify(asJson(serviceName, chosen), null, 2)}\n`)
  return options.json ? 0 : does ? carryOut(chosen, options.remove === true, io) : print(chosen, io)
}

/** What the servers of the service need, or why it cannot be told. */
function choose(
  config: Config,
  service: VirtualServiceConfig,
  { server: name, mtu = usualMtu }: RealServerOptions,
): Steps | string {
  const servers = service.realServers.filter((server) => name === undefined || server.name === name)
  if (servers.length === 0) {
    const names = service.realServers.map((server) => server.name).join(', ')
    return `${service.name} has no server ${name}: it has ${names}`
  }
  if (service.address.kind === 'fwmark')
    return `${service.name} is known by a firewall mark and not by an address: nobody here knows what its servers must hold`
  const virtual = service.address.address
  const all = servers.map((server) => stepsFor(needsOf(config, virtual, server, mtu)))
  const [first] = all
  if (!first || all.some((one) => JSON.stringify(one) !== JSON.stringify(first)))
    return `the servers of ${service.name} need different things: choose one by --server (${servers
      .map((server) => `${server.name}: ${server.forwarding}`)
      .join(', ')})`
  return first
}

const usualMtu = 1500

function needsOf(config: Config, virtual: IpAddress, server: RealServerConfig, mtu: number): RealServerNeeds {
  const { address } = server.endpoint
  return {
    forwarding: server.forwarding,
    virtual,
    server: address,
    tunnel: server.tunnel,
    mtu,
    gateways: floating(config, virtual)
      .filter((prefix) => isInNetwork(prefix, address))
      .map((prefix) => prefix.address),
  }
}

/** What moves together with the virtual address. */
function floating({ virtualRouters }: Config, virtual: IpAddress): readonly IpPrefix[] {
  const holder = virtualRouters.find(({ addresses }) =>
    addresses.some((one) => equalIp(one.address, virtual)),
  )
  return virtualRouters
    .filter((router) => router === holder || (holder?.group !== undefined && router.group === holder.group))
    .flatMap(({ addresses }) => addresses)
}

function print({ apply, notes }: Steps, io: RealServerIo): number {
  for (const { run, why } of apply) io.out(`${run.map(quoted).join(' ').padEnd(56)} # ${why}\n`)
  for (const note of notes) io.out(`# ${note}\n`)
  if (apply.length > 0) io.out('# --apply does this now; nothing of it outlives a restart of the machine\n')
  return 0
}

const asJson = (service: string, { apply, remove, notes }: Steps) => {
  const told = ({ run, why }: Step) => ({ run, why })
  return { service, apply: apply.map(told), remove: remove.map(told), notes }
}

async function carryOut({ apply, remove, notes }: Steps, undo: boolean, io: RealServerIo): Promise<number> {
  for (const step of undo ? remove : apply) {
    const complaint = await io.run(step.run)
    if (complaint !== undefined && step.otherwise !== undefined) {
      io.out(`not done: ${step.run.join(' ')}: ${complaint}; instead: ${step.otherwise}\n`)
      continue
    }
    if (complaint !== undefined && !isDone(step, complaint)) {
      io.error(`real-server: ${step.run.join(' ')}: ${complaint}\n`)
      return 1
    }
    io.out(`${complaint === undefined ? 'done' : 'is so already'}: ${step.run.join(' ')}\n`)
  }
  if (!undo) for (const note of notes) io.out(`note: ${note}\n`)
  return 0
}

const isDone = ({ doneAlready }: Step, complaint: string): boolean =>
  doneAlready?.some((text) => complaint.includes(text)) === true

const quoted = (word: string): string => (/^[\w.:/=-]+$/.test(word) ? word : `'${word}'`)

/** Without a shell. */
export function runProgram([program = '', ...args]: readonly string[]): Promise<string | undefined> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 10_000 }, (error, _output, complaint) => {
      if (error === null) resolve(undefined)
      else if (error.code === 'ENOENT') resolve('there is no such program on this machine')
      else resolve(complaint.trim().split('\n')[0] || error.message)
    })
  })
}
