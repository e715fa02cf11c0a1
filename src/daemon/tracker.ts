/** The tracker process as the parent keeps it: what it has to look at, and what it found. */
import type { Config } from '../config/model.js'
import { isOutside, type OutsideTrack, trackKey } from '../vrrp/tracking/identity.js'
import type { TrackFact } from '../vrrp/tracking/outside/runtime.js'
import type { Finding } from '../vrrp/tracking/verdict.js'
import type { Children } from './children.js'
import type { FromTracker } from './messages.js'
import { endGroups } from './process-groups.js'

export class Tracker {
  /** By key; kept for a vrrp process that has to be started again. */
  private readonly findings = new Map<string, Finding>()
  /** Process groups of scripts that run now. */
  private readonly groups = new Set<number>()
  private tracks: readonly OutsideTrack[]

  constructor(
    private readonly children: Pick<Children, 'tracker' | 'vrrp'>,
    config: Config,
  ) {
    this.tracks = outsideTracks(config)
  }

  /** Whether there is anything that needs a process of its own. */
  get needed(): boolean {
    return this.tracks.length > 0
  }

  get facts(): readonly TrackFact[] {
    return [...this.findings].map(([key, finding]) => ({ key, finding }))
  }

  onMessage(message: FromTracker): void {
    switch (message.type) {
      case 'ready':
        this.children.tracker.send({ type: 'start', setting: { tracks: this.tracks } })
        return
      case 'trackChanged':
        for (const { key, finding } of message.facts) this.findings.set(key, finding)
        this.children.vrrp.send(message)
        return
      case 'scriptGroup':
        if (message.there) this.groups.add(message.group)
        else this.groups.delete(message.group)
        return
      default:
        return
    }
  }

  /** The process was killed: whatever it ran is nobody's now, and its successor runs it again. */
  onDeath(): void {
    endGroups(this.groups)
  }

  /** Resolves when the process is gone, and with it whatever it ran. */
  async stop(): Promise<void> {
    await this.children.tracker.stop()
    this.onDeath()
  }

  /**
   * Other things to look at take a new process: the old one may no longer be who it would have to be. What
   * it found stands meanwhile. `leaving`: asked before the new one starts.
   */
  configure(config: Config, leaving: () => boolean): void {
    const before = keysOf(this.tracks)
    this.tracks = outsideTracks(config)
    const keys = keysOf(this.tracks)
    if (before.join('\n') === keys.join('\n')) return
    for (const key of this.findings.keys()) if (!keys.includes(key)) this.findings.delete(key)
    void this.stop().then(() => {
      if (!leaving() && this.needed) this.children.tracker.start()
    })
  }
}

const outsideTracks = ({ virtualRouters }: Config): readonly OutsideTrack[] =>
  virtualRouters.flatMap(({ track }) => track.filter(isOutside))

const keysOf = (tracks: readonly OutsideTrack[]): readonly string[] => tracks.map(trackKey)
