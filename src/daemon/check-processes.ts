/** The processes that check the servers: as many as the file or the checks ask for, each with its share. */
import { availableParallelism } from 'node:os'
import type { CheckFiles } from '../config/check-files.js'
import type { Config, VirtualServiceConfig } from '../config/model.js'
import { updateOf } from '../config/share.js'
import { mergedStatus } from '../healthcheck/merged-status.js'
import type { HealthcheckStatus } from '../healthcheck/runtime.js'
import { CheckShares, processesNeeded } from './check-shares.js'
import type { FromHealthcheck, ProgramAnswer, ToHealthcheck } from './messages.js'
import type { SupervisedChild } from './supervisor.js'

/** A process that has its share, or will have it once it is ready. */
export type CheckProcess = Pick<
  SupervisedChild<ToHealthcheck, FromHealthcheck>,
  'name' | 'pid' | 'silent' | 'supervision' | 'start' | 'stop' | 'send' | 'tick'
>

type Services = readonly VirtualServiceConfig[]
type Settings = Pick<Config, 'healthcheck' | 'virtualServices'>

interface Member {
  readonly process: CheckProcess
  share: Services
  report: HealthcheckStatus | undefined
}

export interface CheckProcessesOptions {
  /** A process by its name that hands its messages to `onMessage`. */
  create(name: string, onMessage: (message: FromHealthcheck) => void): CheckProcess
  /** What concerns more than the processes themselves; `name` is the process's. */
  onMessage(message: FromHealthcheck, name: string): void
  /** Processors of this machine; asked of the system where absent. */
  readonly cores?: number
}

export class CheckProcesses {
  private readonly members: Member[] = []
  private shares = new CheckShares(1)
  private files: CheckFiles | undefined
  private state: 'waiting' | 'running' | 'stopped' = 'waiting'

  constructor(private readonly options: CheckProcessesOptions) {}

  get all(): readonly CheckProcess[] {
    return this.members.map(({ process }) => process)
  }

  /** Of all together; undefined before the first report. One that died is in it with its last words. */
  get status(): HealthcheckStatus | undefined {
    return mergedStatus(this.members.flatMap(({ report }) => report ?? []))
  }

  /**
   * Gives each process its share of these services. One that is there keeps what it knows of every server
   * that stays with it; one more, or one less, starts or ends.
   */
  configure({ healthcheck, virtualServices }: Settings): void {
    if (this.state === 'stopped') return
    const count = this.countFor(healthcheck.processes, virtualServices)
    if (count !== this.shares.processes) this.shares = new CheckShares(count)
    const shares = this.shares.of(virtualServices)
    for (const { process } of this.members.splice(count)) void process.stop()
    for (const [i, share] of shares.entries()) {
      const member = this.members[i]
      if (member) this.update(member, share)
      else this.add(i, share)
    }
  }

  /** What checks read, by path: each process has all of it, before the checks that need it. */
  renewFiles(files: CheckFiles): void {
    this.files = files
    for (const { process } of this.members) process.send({ type: 'checkFiles', files })
  }

  /** Of a program that one of them asked for, by its name; undefined: it concerns them all. */
  answer(answer: ProgramAnswer, name: string | undefined): void {
    for (const { process } of this.members)
      if (name === undefined || process.name === name) process.send(answer)
  }

  start(): void {
    if (this.state !== 'waiting') return
    this.state = 'running'
    for (const { process } of this.members) process.start()
  }

  async stop(): Promise<void> {
    this.state = 'stopped'
    await Promise.all(this.members.map(({ process }) => process.stop()))
  }

  /** On its own it only grows: a share that moves is learnt anew. */
  private countFor(wanted: number | 'auto', services: Services): number {
    if (wanted !== 'auto') return wanted
    const { cores = availableParallelism() } = this.options
    return Math.max(this.members.length, processesNeeded(services, cores))
  }

  private update(member: Member, share: Services): void {
    const before = member.share
    member.share = share
    if (before !== share) member.process.send({ type: 'configure', services: updateOf(before, share) })
  }

  private add(i: number, share: Services): void {
    const name = i === 0 ? 'healthcheck' : `healthcheck-${i + 1}`
    const process = this.options.create(name, (message) => this.heard(member, message))
    const member: Member = { process, share, report: undefined }
    this.members.push(member)
    if (this.state === 'running') process.start()
  }

  private heard(member: Member, message: FromHealthcheck): void {
    // What an ending process still says is of servers that others check by now.
    if (!this.members.includes(member)) return
    if (message.type === 'ready') this.begin(member)
    else if (message.type === 'status') member.report = message.status
    this.options.onMessage(message, member.process.name)
  }

  private begin({ process, share }: Member): void {
    if (this.files) process.send({ type: 'checkFiles', files: this.files })
    process.send({ type: 'start', services: share })
  }
}
