/** Tracked things: from the file's words to the model and, for the normal form, back. */
import { formatIp } from '../base/ip.js'
import { unreachable } from '../base/result.js'
import type { TrackConfig } from './model.js'
import { given, type NormalTable } from './normal-table.js'
import type { TrackTable } from './tables/track.js'
import { formatDuration } from './values.js'

export function buildTrack(track: TrackTable): TrackConfig {
  if ('gateway' in track) {
    const { gateway: address, interface: where, interval, rise, fall, weight } = track
    const name = track.name ?? `gateway ${formatIp(address)}`
    return { kind: 'gateway', name, weight, address, interface: where, interval, rise, fall }
  }
  if ('script' in track) {
    const { script: command, timeout, user, interval, rise, fall, weight } = track
    const name = track.name ?? `script ${baseName(command[0] ?? '')}`
    return { kind: 'script', name, weight, command, timeout, user, interval, rise, fall }
  }
  if ('file' in track) {
    const { file: path, weight_from_content: weightFromContent, interval, weight } = track
    return { kind: 'file', name: track.name ?? `file ${path}`, weight, path, weightFromContent, interval }
  }
  if ('process' in track) {
    const { process: program, pid_file: pidFile, interval, rise, fall, weight } = track
    const name = track.name ?? `process ${baseName(program)}`
    return { kind: 'process', name, weight, program, pidFile, interval, rise, fall }
  }
  if ('services' in track) {
    const { hold, per_server: perServer, weight } = track
    return { kind: 'services', name: track.name ?? 'services', weight, hold, perServer }
  }
  const { interface: where, address, weight } = track
  return { kind: 'interface', name: track.name ?? `interface ${where}`, weight, interface: where, address }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

export function normalTrack(track: TrackConfig): NormalTable {
  const { name, weight } = track
  switch (track.kind) {
    case 'interface':
      return given({
        interface: track.interface,
        address: track.address && formatIp(track.address),
        name,
        weight,
      })
    case 'script':
      return given({
        script: track.command,
        timeout: formatDuration(track.timeout),
        user: track.user,
        ...sampled(track),
        name,
        weight,
      })
    case 'file':
      return given({
        file: track.path,
        weight_from_content: track.weightFromContent,
        interval: formatDuration(track.interval),
        name,
        weight,
      })
    case 'process':
      return given({ process: track.program, pid_file: track.pidFile, ...sampled(track), name, weight })
    case 'gateway':
      return given({
        gateway: formatIp(track.address),
        interface: track.interface,
        ...sampled(track),
        name,
        weight,
      })
    case 'services':
      return given({
        services: true,
        hold: formatDuration(track.hold),
        per_server: track.perServer,
        name,
        weight,
      })
    default:
      return unreachable(track)
  }
}

const sampled = ({ interval, rise, fall }: Extract<TrackConfig, { rise: number }>): NormalTable => ({
  interval: formatDuration(interval),
  rise,
  fall,
})
