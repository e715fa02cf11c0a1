/** What a reload may change in a running daemon, and how it is told to a person. Pure. */
import type { DiffEntry, KeyChange, Subject } from '../config/diff.js'
import type { Config } from '../config/model.js'
import { sameRouter } from '../vrrp/reconfigure.js'

/** Everything in these tables is read once, at the start. */
const fixedTables: ReadonlySet<Subject['table']> = new Set(['pair', 'control', 'log', 'sync'])

/** What only a restart can change, as `log.format`; empty when all of it can be applied now. */
export function needsRestart(
  before: Config,
  after: Config,
  differences: readonly DiffEntry[],
): readonly string[] {
  const found = differences.flatMap(({ subject, change, keys }) => {
    if (subject.table === 'director')
      return change === 'changed'
        ? keys.filter(({ key }) => key !== 'priority').map(({ key }) => `director ${subject.name}.${key}`)
        : [`director ${subject.name} (${change})`]
    return fixedTables.has(subject.table) ? keys.map(({ key }) => `${subject.table}.${key}`) : []
  })
  const [had, has] = [before, after].map(({ virtualServices }) => virtualServices.length > 0)
  // The processes that look after services run, or do not, from the start.
  if (!had && has) found.push('the first virtual_service')
  if (had && !has) found.push('the last virtual_service (removed)')
  return found
}

/** The same differences, and which of the routers have to join the election anew for them. */
export function withRejoins(
  before: Config,
  after: Config,
  differences: readonly DiffEntry[],
): readonly DiffEntry[] {
  const routerOf = ({ virtualRouters }: Config, wanted: string) =>
    virtualRouters.find(({ name }) => name === wanted)
  return differences.map((entry) => {
    if (entry.subject.table !== 'virtual_router' || entry.change !== 'changed') return entry
    const [old, now] = [routerOf(before, entry.subject.name), routerOf(after, entry.subject.name)]
    return old && now && !sameRouter(old, now) ? { ...entry, joinsAnew: true } : entry
  })
}

/** One line, as `virtual_router front: priority.lb1 150 -> 120`. */
export function describeDifference({ subject, change, keys, joinsAnew }: DiffEntry): string {
  const details = keys.map(describeKey).join(', ')
  const anew = joinsAnew ? ' (leaves the election and joins it anew)' : ''
  return `${nameOf(subject)}: ${details === '' ? change : details}${anew}`
}

function nameOf(subject: Subject): string {
  switch (subject.table) {
    case 'director':
    case 'virtual_router':
    case 'virtual_service':
    case 'hook':
      return `${subject.table} ${subject.name}`
    case 'real_server':
      return `real_server ${subject.service}/${subject.name}`
    default:
      return subject.table
  }
}

const describeKey = ({ key, before, after }: KeyChange): string =>
  `${key} ${shown(before)} -> ${shown(after)}`

const shown = (value: KeyChange['before']): string =>
  value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)
