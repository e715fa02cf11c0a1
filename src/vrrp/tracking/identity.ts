/** Which tracked things are looked at by the tracker process, and when two of them are the same. */
import type {
  FileTrackConfig,
  ProcessTrackConfig,
  ScriptTrackConfig,
  TrackConfig,
} from '../../config/model.js'

/** What needs the file system or other processes: a look may take long, so none happens in the vrrp process. */
export type OutsideTrack = ScriptTrackConfig | FileTrackConfig | ProcessTrackConfig

export const isOutside = (track: TrackConfig): track is OutsideTrack =>
  track.kind === 'script' || track.kind === 'file' || track.kind === 'process'

/** Equal for what many routers track alike, whatever they call it and weigh it: it is looked at once. */
export function trackKey({ name: _, weight: __, ...what }: OutsideTrack): string {
  return JSON.stringify(what, Object.keys(what).sort())
}
