/** `vipair run`: from the file to a running director, and out again on a signal. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatIp } from '../base/ip.js'
import type { Clock, Log } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { readCheckFiles } from '../config/check-files.js'
import { loadConfig } from '../config/load.js'
import { formatProblem } from '../config/problem.js'
import type { Reading } from '../config/reading.js'
import type { PairKey } from '../pair/key.js'
import { SystemClock } from '../platform/clock.js'
import { type DirectoryLock, lockDirectory } from '../platform/directory-lock.js'
import { KernelLinks } from '../platform/links.js'
import { createLog } from '../platform/log.js'
import { KernelMacvlans } from '../platform/macvlans.js'
import { NftProgram } from '../platform/nft.js'
import { notifySender } from '../platform/notify-socket.js'
import { openPairPort } from '../platform/pair-port.js'
import { Reactor } from '../platform/reactor.js'
import { KernelRouting } from '../platform/routing.js'
import { ProcSysctl } from '../platform/sysctl.js'
import { AcceptFilter, refusing } from './accept-filter.js'
import { bootId } from './boot-id.js'
import { Commands } from './commands.js'
import { ConfigReader } from './config-reader.js'
import { listenForControl } from './control-server.js'
import { Journal } from './journal/journal.js'
import { readKeyFile } from './key-file.js'
import { MaintenanceFile } from './maintenance-file.js'
import { OverrideFile } from './override-file.js'
import { OwnershipFile } from './ownership-file.js'
import { Parent } from './parent.js'
import { Refusal } from './refusal.js'
import { refusedScripts } from './script-files.js'
import { ServiceManager, type ServiceSettings, takeServiceSettings } from './service-manager.js'
import { SysctlFile } from './sysctl-file.js'
import { exitOnUncaught, logBug } from './uncaught.js'

export interface DaemonOptions {
  readonly configFile: string
  /** Name of the local director. */
  readonly director: string
  readonly runtimeDir: string
  /** What outlives a boot. */
  readonly stateDir: string
  readonly version: string
}

const exitFailed = 1
const exitInvalid = 2

/** For the last events to be written, ms. */
const journalPatience = 2_000

/** Runs until a signal ends it; answers the exit status. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const service = takeServiceSettings(process.env)
  const loaded = await loadConfig(options.configFile)
  if (!loaded.ok) {
    for (const problem of loaded.error)
      process.stderr.write(`${formatProblem(options.configFile, problem)}\n`)
    return exitInvalid
  }
  const { config, warnings } = loaded.value
  const log = createLog({ ...config.log, process: 'main' })
  exitOnUncaught(log)
  for (const warning of warnings) log.warn(formatProblem(options.configFile, warning))
  try {
    return await direct(options, loaded.value, service, log)
  } catch (error) {
    // What the system refused is expected; whatever else is a bug, and shows where.
    if (error instanceof OpError || (error instanceof Error && 'code' in error)) log.error(error.message)
    else logBug(log, 'cannot start', error)
    return exitFailed
  }
}

async function direct(
  options: DaemonOptions,
  reading: Reading,
  service: ServiceSettings,
  log: Log,
): Promise<number> {
  const { config } = reading
  // A host name may be written in full or not.
  const named = (name: string | undefined) => config.directors.find((director) => director.name === name)
  const local = named(options.director) ?? named(options.director.split('.')[0])
  const peer = config.directors.find((director) => director !== local)
  if (!local) {
    const names = config.directors.map((director) => director.name).join(', ')
    log.error(
      `no [[director]] named "${options.director}" in ${options.configFile} (it has ${names}); see --director`,
    )
    return exitInvalid
  }
  let pairKey: PairKey | undefined
  if (config.pair.keyFile !== undefined && peer) {
    const key = readKeyFile(config.pair.keyFile)
    if (!key.ok) {
      log.error(key.error)
      return exitFailed
    }
    pairKey = key.value
  }

  // A director that nobody hears of is better than none: a hook's program is refused when it is to run.
  const refused = refusedScripts({ ...config, hooks: [] })
  const checkFiles = readCheckFiles(config.virtualServices)
  for (const reason of [...refused, ...(checkFiles.ok ? [] : checkFiles.error)]) log.error(reason)
  if (refused.length > 0 || !checkFiles.ok) return exitFailed

  mkdirSync(options.runtimeDir, { recursive: true, mode: 0o755 })
  // The lock comes first: a second daemon on the same directory is refused before it touches anything.
  const lock = lockDirectory(options.runtimeDir)
  if ('heldBy' in lock) {
    const who = lock.heldBy === 0 ? 'another process' : `process ${lock.heldBy}`
    log.error(
      `${who} runs a director in ${options.runtimeDir} already: stop it, or give this one another --runtime-dir`,
    )
    return exitFailed
  }
  const journal = new Journal()
  // No request is served before this function next gives way, when `parent` is there.
  const { configFile } = options
  const reader = new ConfigReader(configFile, reading)
  const commands = new Commands({
    configFile,
    reader,
    log,
    director: local.name,
    journal,
    parent: () => parent,
    manager: () => manager,
  })
  const socketPath = join(options.runtimeDir, 'control.sock')
  const control = await listenForControl(socketPath, config.control, commands.routes)
  const reactor = Reactor.open()
  const clock = new SystemClock(reactor)
  const links = new KernelLinks(reactor, clock)
  const routing = new KernelRouting(reactor, clock)
  const macvlans = new KernelMacvlans(reactor, clock)
  const mirrors = config.sync.transport !== 'off' && config.virtualServices.length > 0
  const pairPort = pairKey
    ? [local.address, ...local.addresses].map((own) => openPairPort(own, config.pair.port, mirrors))
    : undefined
  const acceptFilter = new AcceptFilter(new NftProgram())
  const refuses = refusing(config.virtualRouters, local).length > 0
  if (refuses) await acceptFilter.apply(config.virtualRouters, local)
  let stateLock: DirectoryLock | undefined
  journal.open(options.stateDir, clock, log, () => {
    // The runtime directory is locked already.
    if (resolve(options.stateDir) === resolve(options.runtimeDir)) return undefined
    const claimed = lockDirectory(options.stateDir)
    if ('heldBy' in claimed) return claimed.heldBy === 0 ? 'another process' : `process ${claimed.heldBy}`
    stateLock = claimed
    return undefined
  })
  const sysctlFile = join(options.runtimeDir, 'sysctls.json')
  const ownedFile = join(options.runtimeDir, 'ipvs-owned.json')
  const leftSettings = Object.keys(new SysctlFile(sysctlFile).read())
  const parent = new Parent({
    config,
    local,
    peer,
    pairKey,
    pairPort,
    clock,
    log,
    releasing: { links, routing, macvlans, sysctl: new ProcSysctl() },
    acceptFilter,
    checkFiles: checkFiles.value,
    version: options.version,
    maintenanceFile: new MaintenanceFile(join(options.runtimeDir, 'maintenance')),
    sysctlFile,
    ownedFile,
    leftTable: leftSettings.length > 0 || new OwnershipFile(ownedFile).read().length > 0,
    overrideFile: new OverrideFile(join(options.runtimeDir, 'servers.json'), bootId()),
    random: randomBytes,
    journal,
  })
  log.info(
    `vipair ${options.version}: director ${local.name} at ${formatIp(local.address)}, ` +
      `peer ${peer?.name ?? 'none'}, config ${config.hash}`,
  )
  const manager = serviceManager(service, parent, clock)
  parent.start()
  manager?.start()
  // What a predecessor may have left and nobody needs can wait.
  if (!refuses) acceptFilter.remove().catch((error: unknown) => log.warn(String(error)))

  process.on('SIGUSR1', () => dumpState(parent, options.runtimeDir, log))
  process.on('SIGUSR2', () => log.warn('SIGUSR2: drills are not part of this version'))
  process.on('SIGHUP', () => {
    // A refusal is in the log already.
    commands.reload().catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error
    })
  })
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, resolve)
  })
  log.info(`${signal}: leaving`)
  manager?.stopping(`${signal}: leaving`)
  await parent.stop()
  manager?.close()
  // A disk that hangs must not keep the daemon.
  await Promise.race([journal.close(), new Promise((resolve) => setTimeout(resolve, journalPatience))])
  control.close()
  control.closeAllConnections()
  for (const path of pairPort ?? []) path.close()
  routing.close()
  macvlans.close()
  links.close()
  reactor.close()
  stateLock?.close()
  lock.close()
  log.info('left')
  return 0
}

/** Undefined where nobody is to be told. */
function serviceManager(
  { socket, watchdog }: ServiceSettings,
  parent: Parent,
  clock: Clock,
): ServiceManager | undefined {
  const send = socket === undefined ? undefined : notifySender(socket)
  if (!send) return undefined
  const monotonicUs = () => process.hrtime.bigint() / 1000n
  return new ServiceManager({ clock, send, watchdog, monotonicUs, view: () => parent.serviceView })
}

/** Whole or not at all: a reader never meets half a file. */
function dumpState(parent: Parent, runtimeDir: string, log: Log): void {
  const file = join(runtimeDir, 'state.json')
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(parent.status(), null, 2)}\n`, { mode: 0o640 })
    renameSync(`${file}.new`, file)
    log.info(`state written to ${file}`)
  } catch (error) {
    log.error(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
