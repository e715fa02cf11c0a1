/** The kernel's settings with which an interface of its own MAC address beside its parent answers rightly. */
import type { Sysctl } from '../../base/ports.js'
import type { ParentSettings } from './mark.js'

/** As sysctl.d(5) has it: a dot in an interface's name is a slash. */
const inName = (interfaceName: string): string => interfaceName.replaceAll('.', '/')
const conf4 = (interfaceName: string, key: string): string => `net.ipv4.conf.${inName(interfaceName)}.${key}`
const conf6 = (interfaceName: string, key: string): string => `net.ipv6.conf.${inName(interfaceName)}.${key}`

/** Answers ARP for the addresses on the asked interface only; asks with an address of the asking one. */
const wanted: ParentSettings = { arpIgnore: 1, arpAnnounce: 2 }

/** Of an interface that is down still. Throws `OpError`. */
export function prepareMacvlan(sysctl: Sysctl, name: string, family: 4 | 6): void {
  // It hears every broadcast of the LAN, questions for its parent's addresses among them.
  set(sysctl, conf4(name, 'arp_ignore'), 1)
  set(sysctl, conf4(name, 'arp_announce'), 2)
  // What comes in here goes back by the parent's routes. The stricter one of this and of `all` counts, and 2 beats 1.
  set(sysctl, conf4(name, 'rp_filter'), Number(sysctl.read(conf4('all', 'rp_filter')) ?? 0) === 0 ? 0 : 2)
  // The first address may go while others stay.
  set(sysctl, conf4(name, 'promote_secondaries'), 1)
  if (family === 4) {
    set(sysctl, conf6(name, 'disable_ipv6'), 1)
    return
  }
  // No address but the virtual ones, and no questions: both would come from the virtual MAC address.
  set(sysctl, conf6(name, 'addr_gen_mode'), 1)
  set(sysctl, conf6(name, 'autoconf'), 0)
  set(sysctl, conf6(name, 'accept_ra'), 0)
  set(sysctl, conf6(name, 'router_solicitations'), 0)
}

/** Throws `OpError`. */
export const readParent = (sysctl: Sysctl, parent: string): ParentSettings => ({
  arpIgnore: Number(sysctl.read(conf4(parent, 'arp_ignore')) ?? 0),
  arpAnnounce: Number(sysctl.read(conf4(parent, 'arp_announce')) ?? 0),
})

/**
 * The parent must not answer for the virtual addresses with its own MAC address (RFC 9568 section 8.1.2), nor
 * give it away by asking in their name. Throws `OpError`.
 */
export function prepareParent(sysctl: Sysctl, parent: string): void {
  const { arpIgnore, arpAnnounce } = readParent(sysctl, parent)
  if (arpIgnore === 0) set(sysctl, conf4(parent, 'arp_ignore'), wanted.arpIgnore)
  if (arpAnnounce < wanted.arpAnnounce) set(sysctl, conf4(parent, 'arp_announce'), wanted.arpAnnounce)
}

/** What was changed since stays. Throws `OpError`. */
export function restoreParent(sysctl: Sysctl, parent: string, had: ParentSettings): void {
  // The parent is gone, and its settings with it.
  if (sysctl.read(conf4(parent, 'arp_ignore')) === undefined) return
  const now = readParent(sysctl, parent)
  if (now.arpIgnore === wanted.arpIgnore) set(sysctl, conf4(parent, 'arp_ignore'), had.arpIgnore)
  if (now.arpAnnounce === wanted.arpAnnounce) set(sysctl, conf4(parent, 'arp_announce'), had.arpAnnounce)
}

/** Only what differs, for /proc/sys may be read-only; a kernel without IPv6 has no settings of it. */
function set(sysctl: Sysctl, name: string, value: number): void {
  const now = sysctl.read(name)
  if (now !== undefined && now !== String(value)) sysctl.write(name, String(value))
}
