/** Idle timeouts of connections: those that the file names. */
import type { Millis } from '../base/units.js'
import type { IpvsConfig } from '../config/model.js'
import type { Timeouts } from './model.js'

/** What SET_CONFIG has to say, a zero for what stays as it is; undefined when nothing differs. */
export function timeoutsToSet(wanted: IpvsConfig['timeouts'], actual: Timeouts): Timeouts | undefined {
  const change = {
    tcp: differing(wanted.tcp, actual.tcp),
    tcpFin: differing(wanted.tcpFin, actual.tcpFin),
    udp: differing(wanted.udp, actual.udp),
  }
  return Object.values(change).every((seconds) => seconds === 0) ? undefined : change
}

export const namesTimeouts = (wanted: IpvsConfig['timeouts']): boolean =>
  Object.values(wanted).some((span) => span !== undefined)

function differing(wanted: Millis | undefined, actual: number): number {
  const seconds = wanted === undefined ? actual : wanted / 1000
  return seconds === actual ? 0 : seconds
}

/** For people: `tcp 15 s, udp 5 s`. */
export const describeTimeouts = ({ tcp, tcpFin, udp }: Timeouts): string =>
  Object.entries({ tcp, tcp_fin: tcpFin, udp })
    .flatMap(([name, seconds]) => (seconds === 0 ? [] : `${name} ${seconds} s`))
    .join(', ')
