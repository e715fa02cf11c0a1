/** What every kind of check has, in the model and back in the file's words. */
import { formatIp, type IpAddress } from '../../base/ip.js'
import type { Millis, Port } from '../../base/units.js'
import { type CheckAddress, formatCheckAddress } from '../host-name.js'
import { formatDuration } from '../values.js'

export interface CheckCommon {
  readonly interval: Millis
  /** In place of the interval while the verdict may change or there is none yet; undefined: the interval. */
  readonly fastInterval: Millis | undefined
  readonly timeout: Millis
  /** Consecutive passes that make healthy. */
  readonly rise: number
  /** Consecutive failures that make unhealthy. */
  readonly fall: number
  /** The machine that is checked; undefined: the real server. */
  readonly address: CheckAddress | undefined
  /** Undefined: the real server's. */
  readonly port: Port | undefined
  /** Source address; undefined: the kernel's choice. */
  readonly bind: IpAddress | undefined
}

interface CommonTable extends Omit<CheckCommon, 'fastInterval'> {
  readonly fast_interval: Millis | undefined
}

/** Of a check's table, which has more. */
export const commonOf = (table: CommonTable): CheckCommon => {
  const { interval, fast_interval: fastInterval, timeout, rise, fall, address, port, bind } = table
  return { interval, fastInterval, timeout, rise, fall, address, port, bind }
}

export const normalCommon = (check: CheckCommon) => ({
  interval: formatDuration(check.interval),
  fast_interval: check.fastInterval && formatDuration(check.fastInterval),
  timeout: formatDuration(check.timeout),
  rise: check.rise,
  fall: check.fall,
  address: check.address && formatCheckAddress(check.address),
  port: check.port,
  bind: check.bind && formatIp(check.bind),
})
