/** Which addresses may be on a network that a director is in, as far as the file tells. */
import { type IpAddress, isInNetwork, isLinkLocal6 } from '../../base/ip.js'
import type { FileDraft } from '../tables/file.js'

/** A director's own network is not in the file, unless a virtual address is of it: a wide guess. */
const widest = { 4: 16, 6: 48 } as const

/**
 * False: in no network of the virtual addresses, and far from the directors' own. What of the file could
 * not be read is not held against it.
 */
export function maybeNeighbour(
  address: IpAddress,
  { director, virtual_router: routers }: FileDraft,
): boolean {
  if (isLinkLocal6(address)) return true
  const virtual = (routers ?? []).flatMap((router) => router?.addresses ?? [undefined])
  if (virtual.some((prefix) => prefix === undefined || isInNetwork(prefix, address))) return true
  const own = (director ?? []).flatMap((one) => [one?.address, ...(one?.addresses ?? [])])
  return own.some(
    (one) => one === undefined || isInNetwork({ address: one, length: widest[one.family] }, address),
  )
}
