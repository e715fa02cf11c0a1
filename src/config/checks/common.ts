/** What every kind of check has, in the model and back in the file's words. */
import { formatIp, type IpAddress } from '../../base/ip.js'
import type { Millis, Port } from '../../base/units.js'
import { formatDuration } from '../values.js'

export interface CheckCommon {
  readonly interval: Millis
  readonly timeout: Millis
  /** Consecutive passes that make healthy. */
  readonly rise: number
  /** Consecutive failures that make unhealthy. */
  readonly fall: number
  /** Undefined: the real server's. */
  readonly port: Port | undefined
  /** Source address; undefined: the kernel's choice. */
  readonly bind: IpAddress | undefined
}

/** Of a check's table, which has more. */
export const commonOf = ({ interval, timeout, rise, fall, port, bind }: CheckCommon): CheckCommon => ({
  interval,
  timeout,
  rise,
  fall,
  port,
  bind,
})

export const normalCommon = ({ interval, timeout, rise, fall, port, bind }: CheckCommon) => ({
  interval: formatDuration(interval),
  timeout: formatDuration(timeout),
  rise,
  fall,
  port,
  bind: bind && formatIp(bind),
})
