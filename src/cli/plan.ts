/** `vipair plan`: what a reload would change, as a diff. */
import type { KernelChange } from '../base/kernel-change.js'
import type { DiffEntry, KeyChange, Subject } from '../config/diff.js'
import type { ReloadPlan } from '../config/reload-plan.js'
import type { Json } from '../config/schema.js'
import { askDaemon } from './control-client.js'
import { type OperateOutput, tell } from './operate.js'

const signs = { added: '+', removed: '-', changed: '~' } as const

/** Exit status: 0 told, also when a reload would be refused; 2 the file is not valid. */
export async function runPlan(runtimeDir: string, output: OperateOutput): Promise<number> {
  const answer = await askDaemon(runtimeDir, 'POST', '/v1/plan', {})
  const lines = answer.status === 200 ? renderPlan(answer.body as unknown as ReloadPlan) : []
  return tell(answer, output, lines)
}

/** Lines of a diff: `+` appears, `-` goes, `~` is changed in place. */
export function renderPlan(plan: ReloadPlan): readonly string[] {
  const elected = (entry: DiffEntry) => isElection(entry.subject)
  const election = plan.changes.filter(elected).flatMap(entryLines)
  const others = plan.changes.filter((entry) => !elected(entry)).flatMap(entryLines)
  const kernel = plan.kernelUnknown === null ? kernelLines(plan.kernel) : [`  unknown: ${plan.kernelUnknown}`]
  return [
    ...plan.warnings,
    `running config ${plan.runningConfigHash}, ${plan.file} has ${plan.configHash}`,
    ...section('election', election),
    ...section('services and settings', others),
    ...section('kernel', kernel),
    ...plan.needsRestart.map((what) => `! a reload would be refused, this needs a restart: ${what}`),
    ...plan.refusals.map((why) => `! a reload would be refused: ${why}`),
    summary(plan),
  ]
}

const isElection = ({ table }: Subject): boolean => table === 'virtual_router' || table === 'director'

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines]

function entryLines({ subject, change, keys, joinsAnew }: DiffEntry): readonly string[] {
  const anew = joinsAnew ? ': leaves the election and joins it anew; an Active hands over first' : ''
  return [`${signs[change]} ${nameOf(subject)}${anew}`, ...keys.flatMap(keyLines)]
}

function nameOf(subject: Subject): string {
  if ('service' in subject) return `${subject.table} ${subject.service}/${subject.name}`
  return 'name' in subject ? `${subject.table} ${subject.name}` : subject.table
}

/** Of a list, only the elements that come and go; when its order alone changed, the whole of it. */
function keyLines({ key, before, after }: KeyChange): readonly string[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, now] = [before.map(shown), after.map(shown)]
    const lines = [
      ...now.filter((one) => !old.includes(one)).map((one) => `+   ${key}: ${one}`),
      ...old.filter((one) => !now.includes(one)).map((one) => `-   ${key}: ${one}`),
    ]
    if (lines.length > 0) return lines
  }
  return [`~   ${key}: ${shown(before)} -> ${shown(after)}`]
}

const shown = (value: Json | undefined): string =>
  value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)

/** Changes of one service together, under its name. */
function kernelLines(changes: readonly KernelChange[]): readonly string[] {
  const groups = new Map<string, string[]>()
  const titles = new Map<string, string>()
  for (const { change, service, server, details } of changes) {
    const text = details.length === 0 ? '' : `: ${details.join(', ')}`
    const group = service ?? 'sync daemons'
    const lines = groups.get(group) ?? []
    groups.set(group, lines)
    if (server === null) titles.set(group, `${signs[change]} ${group}${text}`)
    else lines.push(`${signs[change]}   ${server}${text}`)
  }
  return [...groups].flatMap(([group, lines]) => [titles.get(group) ?? `  ${group}`, ...lines])
}

function summary({ changes, kernel, kernelUnknown }: ReloadPlan): string {
  if (changes.length === 0 && kernel.length === 0 && kernelUnknown === null)
    return 'a reload would change nothing'
  const count = (kind: KernelChange['change']) => kernel.filter(({ change }) => change === kind).length
  const inFile = `${changes.length} ${changes.length === 1 ? 'difference' : 'differences'} in the file`
  return kernelUnknown === null
    ? `${inFile}; kernel: ${count('added')} to add, ${count('changed')} to change, ${count('removed')} to remove`
    : inFile
}
