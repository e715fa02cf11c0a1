/** What the interface with a router's virtual MAC address is called, and the address itself. Pure. */
import { familyOf, type VirtualRouterConfig } from '../../config/model.js'

export type VirtualMacRouter = Pick<VirtualRouterConfig, 'name' | 'vrid' | 'interface' | 'addresses'>

/** Of Linux, IFNAMSIZ without its zero byte. */
const longestName = 15

/** RFC 9568 section 7.3: 00-00-5E-00-01-VRID, of IPv6 00-00-5E-00-02-VRID. */
export const virtualMac = (router: VirtualMacRouter): Uint8Array =>
  Uint8Array.of(0, 0, 0x5e, 0, familyOf(router) === 4 ? 1 : 2, router.vrid)

/**
 * `vrrp.51` or `vrrp6.51`; where the file names the router's interface `vrrp.51.eth1`, so that the same vrid
 * elsewhere is another. Known from the file alone, so that a firewall can name it.
 */
export function virtualInterfaceName(router: VirtualMacRouter): string {
  const base = `${familyOf(router) === 4 ? 'vrrp' : 'vrrp6'}.${router.vrid}`
  if (router.interface === undefined) return base
  const full = `${base}.${router.interface}`
  const fits = full.length <= longestName && /^[\w.-]+$/.test(full)
  return fits ? full : `${base}.${fiveDigits(router.interface)}`
}

/** FNV-1a, folded to 20 bits. */
function fiveDigits(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return ((hash ^ (hash >>> 12)) & 0xfffff).toString(16).padStart(5, '0')
}
