/** Wrong files about labels, routes, policy rules and the address owner. */
import type { BadFile } from './bad-files.js'
import { changed, inserted } from './base-file.js'

const bad = (title: string, text: string, ...problems: string[]): BadFile => ({ title, text, problems })
/** A line of `[[virtual_router]]`, which becomes line 13. */
const router = (title: string, line: string, ...problems: string[]): BadFile =>
  bad(title, inserted(12, line), ...problems)
const address = (title: string, written: string, ...problems: string[]): BadFile =>
  bad(title, changed('"10.0.0.100/24"', written), ...problems)
/** Nobody serves the address of the base file's service any more. */
const unheld = '17:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.100'
const owned = (line: string): string =>
  inserted(12, line, 'priority = { lb1 = 200 }').replace('10.0.0.100/24', '10.0.0.11/24')

export const ofRoles: readonly BadFile[] = [
  bad(
    'a virtual MAC address, and an address elsewhere',
    inserted(12, 'virtual_mac = true').replace(
      '"10.0.0.100/24"',
      '{ address = "10.0.0.100/24", interface = "eth1" }',
    ),
    '12:43: virtual_router[0].addresses[0].interface: with virtual_mac all addresses are on its interface, expected none',
  ),
  bad(
    "a virtual MAC address for a director's own address",
    inserted(12, 'virtual_mac = true', 'transport = "multicast"', 'priority = { lb1 = 255 }').replace(
      '10.0.0.100/24',
      '10.0.0.11/24',
    ),
    "12:14: virtual_router[0].addresses[0]: 10.0.0.11 is director[0]'s own address, expected with virtual_mac an address that can move",
    unheld.replace('17:', '18:'),
  ),
  address(
    'an address table with an unknown key and a wrong scope',
    '{ address = "10.0.0.100/24", lable = "eth0:vip", scope = "universe" }',
    '12:43: virtual_router[0].addresses[0].lable: unknown key, did you mean label?',
    '12:71: virtual_router[0].addresses[0].scope: "universe" is not one of them, expected "global", "site", "link", "host"',
  ),
  address(
    'an address table without its address',
    '{ label = "eth0:vip" }',
    '12:14: virtual_router[0].addresses[0]: "address" is missing, expected an address with prefix length such as "10.0.0.100/24"',
  ),
  address(
    'a label too long',
    '{ address = "10.0.0.100/24", label = "eth0:virtual-one" }',
    '12:51: virtual_router[0].addresses[0].label: "eth0:virtual-one" is not valid, expected a label such as "eth0:vip" (at most 15 characters)',
  ),
  address(
    'a label of another interface',
    '{ address = "10.0.0.100/24", label = "eth1:vip", interface = "eth0" }',
    `12:51: virtual_router[0].addresses[0].label: "eth1:vip" does not begin with the interface's name, expected "eth0", a colon and a word`,
  ),
  bad(
    'an IPv6 address with label and scope',
    changed('"10.0.0.100/24"', '{ address = "2001:db8::1/64", label = "eth0:vip", scope = "link" }'),
    '12:44: virtual_router[0].addresses[0].label: IPv6 addresses have no label, expected none',
    '12:64: virtual_router[0].addresses[0].scope: an IPv6 address has the scope that it says itself, expected none',
    '15:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.100',
  ),
  router(
    'a route of the other family, an address as a destination, a gateway on a link that is none',
    'routes = [{ to = "2001:db8::/32", via = "10.0.0.1" }, { to = "10.1.0.1/16", onlink = true }]',
    '13:18: virtual_router[0].routes[0].to: 2001:db8:: is IPv6, expected IPv4, as the virtual addresses are',
    '13:62: virtual_router[0].routes[1].to: "10.1.0.1/16" is an address in a network, expected the network, or the address alone, did you mean "10.1.0.0/16"?',
    '13:77: virtual_router[0].routes[1].onlink: there is no gateway that could be on the link, expected "via"',
  ),
  router(
    'two routes for one, and words of other programs',
    'routes = [{ to = "default", via = "10.0.0.1" }, { to = "default", src = "10.0.0.100" }]',
    '13:49: virtual_router[0].routes[1]: two routes to one destination with one metric in one table: see virtual_router[0].routes[0] in line 13',
    '13:67: virtual_router[0].routes[1].src: unknown key, did you mean source?',
  ),
  router(
    'a rule for every packet, and one without its table',
    'rules = [{ table = 100, priority = 1000 }, { from = "10.0.0.100", priority = 40000 }]',
    '13:10: virtual_router[0].rules[0]: the rule is for every packet, expected at least one of "from", "to", "fwmark", "interface"',
    '13:44: virtual_router[0].rules[1]: "table" is missing, expected an integer from 1 to 4294967295',
    '13:78: virtual_router[0].rules[1].priority: 40000 is out of range, expected an integer from 1 to 32765',
  ),
  router(
    'a mark that is none, and a rule of the other family',
    'rules = [{ fwmark = "blue", table = 1, priority = 1 }, { from = "2001:db8::1", table = 1, priority = 1 }]',
    '13:21: virtual_router[0].rules[0].fwmark: "blue" is not valid, expected a number such as 1, or "0x10/0xf0" with a mask',
    '13:65: virtual_router[0].rules[1].from: 2001:db8::1 is IPv6, expected IPv4, as the virtual addresses are',
  ),
  bad(
    "the pair's own address as a virtual one over udp",
    changed('"10.0.0.100/24"', '"10.0.0.100/24", "10.0.0.12/24"'),
    `12:31: virtual_router[0].addresses[1]: 10.0.0.12 is director[1]'s own address, over which the pair talks, expected another address of its interface, or transport "multicast"`,
  ),
  bad(
    'an address owner of another priority than 255',
    owned('transport = "multicast"'),
    `14:20: virtual_router[0].priority.lb1: 10.0.0.11 is director[0]'s own address, so that "lb1" is the address owner, expected 255, or nothing`,
    '17:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.100',
  ),
  bad(
    'an address of the other director than the owner',
    owned('transport = "multicast"').replace('lb1 = 200', 'lb2 = 255'),
    `14:20: virtual_router[0].priority.lb2: 10.0.0.11 is director[0]'s own address, so that "lb1" is the address owner, expected a priority from 1 to 254`,
    unheld,
  ),
  bad(
    'addresses of both directors, in a group',
    changed('"10.0.0.100/24"]', '"10.0.0.11/24", "10.0.0.12/24"]\ntransport = "multicast"\ngroup = "a"'),
    `12:30: virtual_router[0].addresses[1]: 10.0.0.12 is director[1]'s own address, and another one is the other director's, expected addresses of one owner`,
    '14:1: virtual_router[0].group: an address owner waits for nobody, expected no group',
    '14:9: virtual_router[0].group: warning: "a" has this router alone, expected at least two virtual routers that move together',
    unheld,
  ),
  router(
    'an address owner without a lease',
    'priority = { lb1 = 255 }\nlease = "0s"',
    "14:9: virtual_router[0].lease: an address owner, and addresses that never expire, expected a lease, so that what a dead director left is not taken for the owner's",
  ),
]
