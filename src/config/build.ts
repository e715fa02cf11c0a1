/** The file's own words to the model that the rest of the program uses. */
import { type Millis, ownerPriority, type Priority, priority } from '../base/units.js'
import { buildService } from './build-service.js'
import { defaultInterval2, defaultPriorities, unlessZero } from './defaults.js'
import { buildHook } from './hook.js'
import { type Config, type DirectorConfig, familyOf, type VirtualRouterConfig } from './model.js'
import { hashOf } from './normal.js'
import { ownerOf } from './owner.js'
import { buildRoute, buildRule } from './routing.js'
import type { FileTable } from './tables/file.js'
import { buildTrack } from './track.js'

type RouterTable = FileTable['virtual_router'][number]

export function buildConfig(file: FileTable): Config {
  const content: Omit<Config, 'hash'> = {
    pair: { name: file.pair.name, keyFile: file.pair.key_file, port: file.pair.port },
    directors: file.director.map(buildDirector),
    virtualRouters: file.virtual_router.map((router) => buildRouter(router, file.director)),
    virtualServices: file.virtual_service.map(buildService),
    sync: { transport: file.sync.transport },
    ipvs: {
      onExit: file.ipvs.on_exit,
      manage: file.ipvs.manage,
      reconcileInterval: file.ipvs.reconcile_interval,
      sysctls: file.ipvs.sysctls,
      timeouts: {
        tcp: file.ipvs.timeouts.tcp,
        tcpFin: file.ipvs.timeouts.tcp_fin,
        udp: file.ipvs.timeouts.udp,
      },
    },
    healthcheck: { processes: file.healthcheck.processes },
    control: { group: file.control.group, mode: file.control.mode },
    log: { level: file.log.level, format: file.log.format },
    hooks: file.hook.map(buildHook),
  }
  return { ...content, hash: hashOf(content) }
}

function buildDirector(director: FileTable['director'][number], i: number): DirectorConfig {
  const byPlace = priority(defaultPriorities[i] ?? 0) as Priority
  return {
    name: director.name,
    address: director.address,
    addresses: director.addresses,
    priority: director.priority ?? byPlace,
    id: i + 1,
  }
}

/** With version 2 the rules let through whole seconds and the general default, which is none. */
const intervalOf = ({ version, advertisement_interval: interval }: RouterTable): Millis =>
  version === 2 && interval % 1000 !== 0 ? defaultInterval2 : interval

const buildRouter = (router: RouterTable, directors: FileTable['director']): VirtualRouterConfig => ({
  name: router.name,
  vrid: router.vrid,
  interface: router.interface,
  addresses: router.addresses,
  routes: router.routes.map(buildRoute(familyOf(router))),
  rules: router.rules.map(buildRule(familyOf(router))),
  transport: router.transport,
  version: router.version,
  checksum: router.checksum,
  password: router.authentication?.password,
  advertisementInterval: intervalOf(router),
  preempt: router.preempt,
  preemptDelay: router.preempt_delay,
  group: router.group,
  lease: unlessZero(router.lease),
  garp: {
    count: router.garp.count,
    interval: router.garp.interval,
    refresh: unlessZero(router.garp.refresh),
  },
  priority: { ...router.priority, ...owners(router, directors) },
  track: router.track.map(buildTrack),
  accept: router.accept,
  virtualMac: router.virtual_mac,
})

/** Whose own address it is has the owner's priority. */
const owners = (
  { addresses }: RouterTable,
  directors: FileTable['director'],
): Readonly<Record<string, Priority>> =>
  Object.fromEntries(
    addresses.flatMap(({ address }) => {
      const owner = directors[ownerOf(address, directors)]
      return owner ? [[owner.name, ownerPriority]] : []
    }),
  )
