/** Rules about the two machines. */
import { formatIp } from '../../base/ip.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'

export function checkDirectors(file: FileDraft, report: Report): void {
  const names = new Unique(report, 'two directors of one name')
  const addresses = new Unique(report, 'two directors at one address')
  const directors = file.director ?? []
  for (const [i, director] of directors.entries()) {
    if (director?.name !== undefined) names.claim(director.name, ['director', i, 'name'])
    if (director?.address) addresses.claim(formatIp(director.address), ['director', i, 'address'])
  }
  if (directors.length === 2) checkKey(file, report)
}

/** Whatever the directors tell each other on the pair port is authenticated. */
function checkKey(file: FileDraft, report: Report): void {
  // A key file that is wrong has been reported; one that is not there has not.
  if (file.pair === undefined || !report.isAbsent(['pair', 'key_file'])) return
  const speakers: string[] = []
  if (file.virtual_router?.some((router) => router?.transport === 'udp')) {
    speakers.push('virtual_router with transport "udp"')
  }
  if (file.sync?.transport === 'unicast') speakers.push('sync with transport "unicast"')
  if (speakers.length === 0) return
  report.error(['pair'], `"key_file" is missing: two directors need it for ${speakers.join(' and ')}`, {
    expected: 'an absolute path to a key made by `vipair keygen`',
  })
}
