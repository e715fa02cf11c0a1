/** Rules about the control socket. */
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'

const othersMayWrite = 0o002

export function checkControl(file: FileDraft, report: Report): void {
  if (((file.control?.mode ?? 0) & othersMayWrite) === 0) return
  report.warning(['control', 'mode'], 'everybody on this machine may command the daemon', {
    expected: 'a mode that ends in 0',
  })
}
