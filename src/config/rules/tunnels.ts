/** Rules about one `tunnel` table. */
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { DraftOf } from '../schema.js'
import type { tunnelTable } from '../tables/tunnel.js'

export function checkTunnel(
  { type, checksum }: DraftOf<typeof tunnelTable>,
  path: Path,
  report: Report,
): void {
  if (type === undefined) return
  const ported = !report.isAbsent([...path, 'port'])
  if (type === 'gue' && !ported) {
    report.error(path, 'gue goes over UDP and needs its port', { expected: 'port = 6080 beside it' })
  } else if (type !== 'gue' && ported) {
    report.error([...path, 'port'], `${type} has no ports`, {
      at: 'key',
      expected: 'it with type = "gue" only',
    })
  }
  if (type === 'ipip' && checksum) {
    report.error([...path, 'checksum'], 'ipip has no checksum of its own', {
      expected: 'type = "gue" or "gre"',
    })
  } else if (type !== 'gue' && checksum === 'remote') {
    report.error([...path, 'checksum'], `${type} has no remote checksum`, {
      expected: 'true or false, or type = "gue"',
    })
  }
}
