/** Rules about the two machines. */
import { formatIp, isLinkLocal6 } from '../../base/ip.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'

export function checkDirectors(file: FileDraft, report: Report): void {
  const names = new Unique(report, 'two directors of one name')
  const addresses = new Unique(report, 'two directors at one address')
  const directors = file.director ?? []
  for (const [i, director] of directors.entries()) {
    if (director?.name !== undefined) names.claim(director.name, ['director', i, 'name'])
    const path = ['director', i, 'address']
    if (director?.address) addresses.claim(formatIp(director.address), path)
    for (const [k, address] of (director?.addresses ?? []).entries()) {
      if (address) addresses.claim(formatIp(address), ['director', i, 'addresses', k])
    }
    if (!director?.address) continue
    if (isLinkLocal6(director.address)) {
      report.error(path, `${formatIp(director.address)} is a link-local address`, {
        expected: 'an address that means the same machine on every interface',
      })
    }
    const first = directors[0]?.address
    if (first && first.family !== director.address.family) {
      report.error(path, `IPv${director.address.family} beside an IPv${first.family} director`, {
        expected: 'two addresses of one family',
      })
    }
  }
  checkPaths(directors, report)
  if (directors.length === 2) checkKey(file, report)
}

/** The n-th address of one and the n-th of the other make a path. */
function checkPaths([first, second]: NonNullable<FileDraft['director']>, report: Report): void {
  const [mine, theirs] = [first?.addresses, second?.addresses]
  if (!mine || !theirs) return
  if (mine.length !== theirs.length) {
    const i = mine.length < theirs.length ? 0 : 1
    report.error(
      ['director', i],
      `${Math.min(mine.length, theirs.length)} further addresses, and ${Math.max(mine.length, theirs.length)} in the other director`,
      { expected: 'as many: the n-th of both make a path' },
    )
    return
  }
  for (const [k, address] of mine.entries()) {
    const other = theirs[k]
    if (!address || !other || address.family === other.family) continue
    report.error(
      ['director', 1, 'addresses', k],
      `IPv${other.family}, and director[0].addresses[${k}] is IPv${address.family}`,
      { expected: 'addresses of one family: they make a path' },
    )
  }
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
