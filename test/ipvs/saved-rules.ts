/** A table as `ipvsadm -Sn` of version 1.31 would print it, to compare with what it does print. */
import { formatEndpoint } from '../../src/base/ip.js'
import type { Destination, Service, ServiceKey, Table } from '../../src/ipvs/model.js'

const protocolOptions: Readonly<Record<number, string>> = { 6: '-t', 17: '-u', 132: '--sctp-service' }
const forwardingOptions: Readonly<Record<number, string>> = { 0: '-m', 2: '-i', 3: '-g' }
const tunnelTypes = ['ipip', 'gue', 'gre']
const checksums = ['nocsum', 'csum', 'remcsum']

function keyOptions(key: ServiceKey): string {
  if (key.kind === 'fwmark') return `-f ${key.mark}${key.family === 6 ? ' -6' : ''}`
  return `${protocolOptions[key.protocol]} ${formatEndpoint(key)}`
}

function serviceRule({ key, scheduler, flags, persistenceSeconds, netmask, engine }: Service): string {
  const words = [`-A ${keyOptions(key)} -s ${scheduler}`]
  if ((flags & 1) !== 0) {
    words.push(`-p ${persistenceSeconds}`)
    if (netmask !== 0xffffffff && netmask !== 128)
      words.push(`-M ${netmask < 128 ? netmask : dotted(netmask)}`)
  }
  if (engine !== undefined) words.push(`--pe ${engine}`)
  if ((flags & 4) !== 0) words.push('-o')
  const named = [8, 16].flatMap((flag, i) =>
    (flags & flag) === 0 ? [] : (schedulerFlags[scheduler]?.[i] ?? []),
  )
  if (named.length > 0) words.push(`-b ${named.join(',')}`)
  return words.join(' ')
}

const schedulerFlags: Readonly<Record<string, readonly string[]>> = {
  sh: ['sh-fallback', 'sh-port'],
  mh: ['mh-fallback', 'mh-port'],
}

function destinationRule(key: ServiceKey, destination: Destination): string {
  const { endpoint, forwarding, weight, tunnel } = destination
  const words = [
    `-a ${keyOptions(key)} -r ${formatEndpoint(endpoint)} ${forwardingOptions[forwarding]} -w ${weight}`,
  ]
  if (forwarding === 2) {
    words.push(`--tun-type ${tunnelTypes[tunnel.type]}`)
    if (tunnel.type === 1) words.push(`--tun-port ${tunnel.port}`)
    if (tunnel.type !== 0) words.push(`--tun-${checksums[tunnel.flags]}`)
  }
  return words.join(' ')
}

export function savedRules(table: Table): readonly string[] {
  return [...table.services.values()].flatMap(({ service, destinations }) => [
    serviceRule(service),
    ...[...destinations.values()].map((destination) => destinationRule(service.key, destination)),
  ])
}

/** The lines of destinations of `ipvsadm -Ln --thresholds`, with single spaces: `10.0.0.21:80 900 100 0 0`. */
export function listedThresholds(table: Table): readonly string[] {
  return [...table.services.values()].flatMap(({ destinations }) =>
    [...destinations.values()].map(
      ({ endpoint, upperThreshold, lowerThreshold }) =>
        `${formatEndpoint(endpoint)} ${upperThreshold} ${lowerThreshold} 0 0`,
    ),
  )
}

const dotted = (mask: number): string => [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.')
