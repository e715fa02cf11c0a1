/** Changes of the matrix's file, and all that each does to the kernel's table. */

export interface MatrixChange {
  readonly title: string
  /** Within the first of these. */
  readonly service: string
  readonly from: string
  readonly to: string
  /** Kinds of operation, in order. */
  readonly operations: readonly string[]
}

const change = (
  title: string,
  service: string,
  from: string,
  to: string,
  ...operations: readonly string[]
): MatrixChange => ({ title, service, from, to, operations })

export const matrixChanges: readonly MatrixChange[] = [
  change('a scheduler', 'm0', 'scheduler = "rr"', 'scheduler = "wlc"', 'setService'),
  change('a flag', 'm12', '["sh-port"]', '["sh-fallback"]', 'setService'),
  change('persistence', 'm1', 'persistence = "5m"', 'persistence = "6m"', 'setService'),
  change('no more persistence', 'm4', 'persistence = "5m"', '', 'setService'),
  change('a netmask', 'm2', '"255.255.255.0"', '16', 'setService'),
  change('one packet', 'm48', 'one_packet = true', 'one_packet = false', 'setService'),
  change('no more engine', 'm49', 'persistence_engine = "sip"', '', 'setService'),
  change('a threshold', 'm0', 'lower_threshold = 100', 'lower_threshold = 101', 'setDest'),
  change('a weight', 'm0', 'weight = 100', 'weight = 99', 'setDest'),
  change('a port of GUE', 'm9', 'port = 6080', 'port = 6079', 'setDest', 'setDest'),
  change('a checksum', 'm12', 'checksum = true', 'checksum = false', 'setDest', 'setDest'),
  change('a kind of tunnel', 'm18', 'type = "gre"', 'type = "ipip"', 'setDest', 'setDest'),
  change('a method', 'm3', 'forwarding = "nat"', 'forwarding = "direct"', 'setDest', 'setDest'),
  change('a shorter range', 'range4', '8000-8003', '8000-8002', 'delService'),
  change('a longer range', 'range4', '8000-8003', '8000-8004', 'newService', 'newDest', 'newDest'),
  change('a real server again', 'sorry4', 'weight = 0', 'weight = 5', 'setDest', 'delDest'),
  change('another sorry server', 'sorry4', ':8081', ':8082', 'newDest', 'delDest'),
  change('a mark', 'm144', 'fwmark = 145', 'fwmark = 999', 'newService', 'newDest', 'newDest', 'delService'),
]

/** The file with one change in one service. */
export function changedFile(file: string, { title, service, from, to }: MatrixChange): string {
  const start = file.indexOf(`name = "${service}"\n`)
  const place = file.indexOf(from, start)
  const end = file.indexOf('[[virtual_service]]', start)
  if (start < 0 || place < 0 || (end >= 0 && place > end)) throw new Error(`nothing to change: ${title}`)
  return file.slice(0, place) + to + file.slice(place + from.length)
}
