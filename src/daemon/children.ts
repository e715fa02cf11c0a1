/** The child processes as the parent starts them: which module, which messages, which descriptors. */
import type { Clock, Log } from '../base/ports.js'
import type { LogConfig } from '../config/model.js'
import { CheckProcesses } from './check-processes.js'
import {
  type FromHealthcheck,
  type FromHooks,
  type FromIpvs,
  type FromPrograms,
  type FromSync,
  type FromTracker,
  type FromVrrp,
  messageTypes,
  type ToHealthcheck,
  type ToHooks,
  type ToIpvs,
  type ToPrograms,
  type ToSync,
  type ToTracker,
  type ToVrrp,
} from './messages.js'
import { SupervisedChild } from './supervisor.js'

export interface Children {
  readonly vrrp: SupervisedChild<ToVrrp, FromVrrp>
  readonly ipvs: SupervisedChild<ToIpvs, FromIpvs>
  readonly healthcheck: CheckProcesses
  /** Absent when there is no peer to mirror to. */
  readonly sync: SupervisedChild<ToSync, FromSync> | undefined
  readonly tracker: SupervisedChild<ToTracker, FromTracker>
  readonly programs: SupervisedChild<ToPrograms, FromPrograms>
  readonly hooks: SupervisedChild<ToHooks, FromHooks>
}

export interface ChildrenHandlers {
  onVrrp(message: FromVrrp): void
  onIpvs(message: FromIpvs): void
  /** `process`: which of them. */
  onHealthcheck(message: FromHealthcheck, process: string): void
  onSync(message: FromSync): void
  onTracker(message: FromTracker): void
  onPrograms(message: FromPrograms): void
  onHooks(message: FromHooks): void
  onDeath(name: keyof Children): void
}

export interface PairPortFds {
  readonly vrrpFd: number
  /** Undefined: nothing is mirrored. */
  readonly syncFd: number | undefined
}

export interface ChildrenOptions {
  readonly clock: Clock
  readonly log: Log
  readonly logConfig: LogConfig
  /** Descriptors of the pair port, one pair a path; absent without a peer. */
  readonly pairPort: readonly PairPortFds[] | undefined
}

export function createChildren(options: ChildrenOptions, handlers: ChildrenHandlers): Children {
  const { clock, log, logConfig, pairPort } = options
  const syncFds = (pairPort ?? []).flatMap(({ syncFd }) => (syncFd === undefined ? [] : [syncFd]))
  const common = (name: keyof Children, fds: readonly number[] = []) => ({
    name,
    module: new URL(`./${name}-process.js`, import.meta.url),
    clock,
    log,
    logConfig,
    fds,
    onDeath: () => handlers.onDeath(name),
  })
  return {
    vrrp: new SupervisedChild({
      ...common(
        'vrrp',
        pairPort?.map(({ vrrpFd }) => vrrpFd),
      ),
      types: messageTypes.fromVrrp,
      onMessage: handlers.onVrrp,
    }),
    ipvs: new SupervisedChild({
      ...common('ipvs'),
      types: messageTypes.fromIpvs,
      onMessage: handlers.onIpvs,
    }),
    healthcheck: new CheckProcesses({
      create: (name, onMessage) =>
        new SupervisedChild<ToHealthcheck, FromHealthcheck>({
          ...common('healthcheck'),
          name,
          types: messageTypes.fromHealthcheck,
          onMessage,
        }),
      onMessage: handlers.onHealthcheck,
    }),
    sync:
      syncFds.length > 0
        ? new SupervisedChild({
            ...common('sync', syncFds),
            types: messageTypes.fromSync,
            onMessage: handlers.onSync,
          })
        : undefined,
    tracker: new SupervisedChild({
      ...common('tracker'),
      types: messageTypes.fromTracker,
      onMessage: handlers.onTracker,
    }),
    programs: new SupervisedChild({
      ...common('programs'),
      types: messageTypes.fromPrograms,
      onMessage: handlers.onPrograms,
    }),
    hooks: new SupervisedChild({
      ...common('hooks'),
      types: messageTypes.fromHooks,
      onMessage: handlers.onHooks,
    }),
  }
}
