/** Rules about virtual routers with a MAC address of their own. */
import { formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import { ownerOf } from '../owner.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>

export function checkVirtualMac(file: FileDraft, router: RouterDraft, path: Path, report: Report): void {
  if (!router.virtual_mac) return
  const directors = file.director ?? []
  for (const [k, prefix] of (router.addresses ?? []).entries()) {
    if (!prefix) continue
    const where = [...path, 'addresses', k]
    const owner = ownerOf(prefix.address, directors)
    // It stays on the interface that has it, and would be there under two MAC addresses.
    if (owner >= 0)
      report.error(where, `${formatIp(prefix.address)} is director[${owner}]'s own address`, {
        expected: 'with virtual_mac an address that can move',
      })
    if (prefix.interface !== undefined)
      report.error([...where, 'interface'], 'with virtual_mac all addresses are on its interface', {
        expected: 'none',
        at: 'key',
      })
  }
}
