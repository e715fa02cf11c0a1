/** Takes every virtual address of the file off this machine: what must hold when no vrrp process is left to. */

import { existsSync } from 'node:fs'
import { formatPrefix } from '../base/ip.js'
import type { Links, Routing } from '../base/ports.js'
import { loadConfig } from '../config/load.js'
import type { VirtualRouterConfig } from '../config/model.js'
import { formatProblem } from '../config/problem.js'
import { SystemClock } from '../platform/clock.js'
import { lockDirectory } from '../platform/directory-lock.js'
import { KernelLinks } from '../platform/links.js'
import { KernelMacvlans } from '../platform/macvlans.js'
import { NftProgram } from '../platform/nft.js'
import { Reactor } from '../platform/reactor.js'
import { KernelRouting } from '../platform/routing.js'
import { ProcSysctl } from '../platform/sysctl.js'
import { markOf } from '../vrrp/virtual-mac/mark.js'
import { removeInterfaces, type VirtualMacPorts } from '../vrrp/virtual-mac/remove.js'
import { acceptRules, applyRules, isThere } from './accept-filter.js'
import { removeMarked } from './leftovers.js'

/** What is released, and by what. */
export interface ReleasePorts extends VirtualMacPorts {
  readonly links: Links
  readonly routing: Routing
}

/** What a director put on this machine, in the order in which it goes. Answers what it removed, one text each. */
export async function release(
  ports: ReleasePorts,
  routers: readonly VirtualRouterConfig[],
): Promise<readonly string[]> {
  const marked = await removeMarked(ports.routing)
  const addresses = await releaseAddresses(ports.links, routers)
  const { interfaces } = await ports.links.read()
  const own = interfaces.filter(markOf)
  await new Promise<void>((resolve, reject) => {
    let waiting = own.length
    const problems = removeInterfaces(ports, own, interfaces, (_, error) => {
      if (error) reject(error)
      waiting--
      if (waiting === 0) resolve()
    })
    const [problem] = problems
    if (problem !== undefined) reject(new Error(problem))
    else if (own.length === 0) resolve()
  })
  return [...marked, ...addresses, ...own.map(({ name }) => `interface ${name}`)]
}

/**
 * Removes the routers' addresses from every interface but the loopback. An address of a leased router that
 * stands there for ever is somebody else's: a director that is also a real server has its own copy. Answers
 * what it removed, one text each.
 */
export async function releaseAddresses(
  links: Links,
  routers: readonly VirtualRouterConfig[],
): Promise<readonly string[]> {
  const { interfaces, addresses } = await links.read()
  const names = new Map(interfaces.map((entry) => [entry.index, entry.name]))
  const leased = new Map(
    routers.flatMap(({ addresses: own, lease }) =>
      own.map((prefix) => [formatPrefix(prefix), lease !== undefined] as const),
    ),
  )
  const found = addresses.filter(({ prefix, interfaceIndex, validSeconds }) => {
    const isLeased = leased.get(formatPrefix(prefix))
    if (isLeased === undefined || names.get(interfaceIndex) === 'lo') return false
    return !isLeased || validSeconds !== undefined
  })
  await Promise.all(
    found.map(
      (entry) =>
        new Promise<void>((resolve, reject) => {
          links.release(entry.interfaceIndex, entry.prefix, (error) => (error ? reject(error) : resolve()))
        }),
    ),
  )
  return found.map(
    (entry) => `${formatPrefix(entry.prefix)} from ${names.get(entry.interfaceIndex) ?? 'an interface'}`,
  )
}

export interface ReleaseOptions {
  readonly configFile: string
  readonly runtimeDir: string
  /** Also under a running director, which is to put back what it can. */
  readonly force: boolean
}

const exitFailed = 1
const exitInvalid = 2

/** `vipair release`: for `ExecStopPost=`, when the daemon may have died without leaving. */
export async function runRelease({ configFile, runtimeDir, force }: ReleaseOptions): Promise<number> {
  const loaded = await loadConfig(configFile)
  if (!loaded.ok) {
    for (const problem of loaded.error) process.stderr.write(`${formatProblem(configFile, problem)}\n`)
    return exitInvalid
  }
  // Held to the end, so that no director starts meanwhile.
  const lock = existsSync(runtimeDir) ? lockDirectory(runtimeDir) : undefined
  if (lock && 'heldBy' in lock) {
    const who = lock.heldBy === 0 ? 'another process' : `process ${lock.heldBy}`
    const why = `${who} runs a director in ${runtimeDir}, and what it needs would be taken from under it`
    if (!force) {
      process.stderr.write(`vipair: ${why}: stop it first, or say --force; nothing was released\n`)
      return exitFailed
    }
    process.stderr.write(`vipair: ${why}: forced\n`)
  }
  try {
    await releaseHere(loaded.value.config.virtualRouters)
    return 0
  } finally {
    if (lock && 'close' in lock) lock.close()
  }
}

async function releaseHere(routers: readonly VirtualRouterConfig[]): Promise<void> {
  const reactor = Reactor.open()
  const clock = new SystemClock(reactor)
  const links = new KernelLinks(reactor, clock)
  const routing = new KernelRouting(reactor, clock)
  const macvlans = new KernelMacvlans(reactor, clock)
  try {
    const released = await release({ links, routing, macvlans, sysctl: new ProcSysctl() }, routers)
    // The file may be another since.
    const nft = new NftProgram()
    const filters = routers.some(({ accept }) => !accept)
    if (filters || (await isThere(nft))) await applyRules(nft, acceptRules([]))
    for (const text of released) process.stdout.write(`released ${text}\n`)
    if (released.length === 0) process.stdout.write('no virtual address is on this machine\n')
  } finally {
    macvlans.close()
    routing.close()
    links.close()
    reactor.close()
  }
}
