/** Rules about hooks. */
import { hookName } from '../hook.js'
import type { Path } from '../node.js'
import { quote } from '../printable.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'
import { checkProgram, type ScriptProblem } from './programs.js'

export function checkHooks(file: FileDraft, report: Report, scriptProblem?: ScriptProblem): void {
  const names = new Unique(report, 'two hooks of one name')
  for (const [i, hook] of (file.hook ?? []).entries()) {
    if (!hook) continue
    const path: Path = ['hook', i]
    const name = hookName(hook)
    if (name !== '') names.claim(name, hook.name === undefined ? path : [...path, 'name'])
    if (hook.on && hook.on.length > 1 && hook.on.includes('*'))
      report.warning([...path, 'on'], '"*" beside other events', { expected: 'it alone: it is all of them' })
    if ('command' in hook) checkProgram(hook, path, 'command', 'the hook', report, scriptProblem)
    if ('url' in hook && hook.url !== undefined) checkUrl(new URL(hook.url), hook.verify, path, report)
  }
}

const loopback = /^(localhost|127\.[\d.]+|\[::1\])$/

function checkUrl(url: URL, verify: boolean | undefined, path: Path, report: Report): void {
  if (url.protocol === 'http:' && !loopback.test(url.hostname))
    report.warning([...path, 'url'], `events, and any secret in it, go to ${quote(url.host)} in the clear`, {
      expected: 'https',
    })
  if (url.protocol === 'http:') {
    for (const key of ['verify', 'ca_file'])
      if (!report.isAbsent([...path, key]))
        report.error([...path, key], 'plain HTTP has no certificate', {
          at: 'key',
          expected: 'it with https',
        })
  } else if (verify === false)
    report.warning([...path, 'verify'], 'anybody on the way can read and answer', {
      expected: 'ca_file with the certificate that vouches for it',
    })
}
