/** Rules about a virtual address that is a director's own, RFC 9568's address owner. */
import { formatIp } from '../../base/ip.js'
import { ownerPriority } from '../../base/units.js'
import type { Path } from '../node.js'
import { ownerOf } from '../owner.js'
import { quote } from '../printable.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>

export function checkOwner(file: FileDraft, router: RouterDraft, path: Path, report: Report): void {
  const directors = file.director ?? []
  const owners = new Set<number>()
  for (const [k, prefix] of (router.addresses ?? []).entries()) {
    if (!prefix) continue
    const i = ownerOf(prefix.address, directors)
    if (i < 0) continue
    const where = [...path, 'addresses', k]
    const text = `${formatIp(prefix.address)} is director[${i}]'s own address`
    owners.add(i)
    if (owners.size > 1) {
      report.error(where, `${text}, and another one is the other director's`, {
        expected: 'addresses of one owner',
      })
    } else if (router.transport === 'udp') {
      // While the peer stands in for the owner it holds that address itself: the two could not speak.
      report.error(where, `${text}, over which the pair talks`, {
        expected: 'another address of its interface, or transport "multicast"',
      })
    } else checkPriority(directors[i]?.name, router, text, [...path, 'priority'], report)
  }
  const owned = owners.size > 0 || Object.values(router.priority ?? {}).some((one) => one === ownerPriority)
  if (owners.size > 0 && router.group !== undefined)
    report.error([...path, 'group'], 'an address owner waits for nobody', { expected: 'no group', at: 'key' })
  // What is there for ever is the owner's, and what is leased is not: that is how they are told apart.
  if (owned && router.lease === 0)
    report.error([...path, 'lease'], 'an address owner, and addresses that never expire', {
      expected: "a lease, so that what a dead director left is not taken for the owner's",
    })
}

function checkPriority(
  name: string | undefined,
  { priority = {} }: RouterDraft,
  text: string,
  path: Path,
  report: Report,
): void {
  if (name === undefined) return
  const given = Object.hasOwn(priority, name) ? priority[name] : undefined
  if (given !== undefined && given !== ownerPriority)
    report.error([...path, name], `${text}, so that ${quote(name)} is the address owner`, {
      expected: `${ownerPriority}, or nothing`,
    })
  for (const [other, value] of Object.entries(priority)) {
    if (other !== name && value === ownerPriority)
      report.error([...path, other], `${text}, so that ${quote(name)} is the address owner`, {
        expected: 'a priority from 1 to 254',
      })
  }
}
