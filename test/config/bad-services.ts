/** Virtual services that the kernel would refuse, or take in silence and treat otherwise than they read. */
import type { BadFile } from './bad-files.js'
import { baseFile } from './base-file.js'

/** The base file with other services, from line 13. */
const services = (title: string, lines: readonly string[], ...problems: string[]): BadFile => ({
  title,
  text: [...baseFile.split('\n').slice(0, 12), ...lines, ''].join('\n'),
  problems,
})

/** One service of these lines, from line 14; `web`, unless they say otherwise. */
const service = (title: string, lines: readonly string[], ...problems: string[]): BadFile =>
  services(title, ['[[virtual_service]]', ...lines, 'name = "web"'], ...problems)

const web = 'address = "10.0.0.100:80"'
const none = 'check = { type = "none" }'
const servers = 'real_servers = ["10.0.0.21:80"]'
const alone = 'real_servers = ["10.0.0.21"]'
const alone53 = 'real_servers = ["10.0.0.21:53"]'
const range = ['address = "10.0.0.100:80-81"', 'forwarding = "full_nat"', none]

export const badServices: readonly BadFile[] = [
  service(
    'without address and mark',
    [servers],
    '13:1: virtual_service[0]: "address" is missing, expected address = "10.0.0.100:80", or fwmark = 1',
  ),
  service(
    'address and mark',
    [web, 'fwmark = 7', servers, none],
    '14:1: virtual_service[0].address: beside fwmark, which stands for it, expected it without fwmark',
    '16:17: virtual_service[0].real_servers[0]: direct forwarding cannot change ports to 80, expected "10.0.0.21" without a port: the one that the client asked for',
  ),
  service(
    'a mark with a protocol',
    ['fwmark = 7', 'protocol = "udp"', alone, none],
    '15:1: virtual_service[0].protocol: a firewall mark goes with every protocol, expected it without fwmark',
  ),
  service(
    'mark 0',
    ['fwmark = 0', alone, none],
    '14:10: virtual_service[0].fwmark: 0 is out of range, expected an integer from 1 to 4294967295',
  ),
  service(
    'a family without a mark',
    [web, 'family = "ipv6"', servers],
    '15:10: virtual_service[0].family: an address has its own family, expected it with fwmark only',
  ),
  service(
    'an unknown family',
    ['fwmark = 7', 'family = 6', alone, none],
    '15:10: virtual_service[0].family: 6 is an integer, expected "ipv4" or "ipv6"',
  ),
  service(
    'a mark of IPv6 with an IPv4 server',
    ['fwmark = 7', 'family = "ipv6"', alone, none],
    '16:17: virtual_service[0].real_servers[0]: IPv4 behind an IPv6 service, expected addresses of one family, or forwarding = "tunnel"',
  ),
  service(
    'a mark with direct forwarding to a port',
    ['fwmark = 7', servers, none],
    '15:17: virtual_service[0].real_servers[0]: direct forwarding cannot change ports to 80, expected "10.0.0.21" without a port: the one that the client asked for',
  ),
  service(
    'a mark with persistence and address translation to a port',
    ['fwmark = 7', 'forwarding = "nat"', 'persistence = "5m"', servers, none],
    '17:17: virtual_service[0].real_servers[0]: with persistence the kernel keeps the ports of a mark, and ignores 80, expected "10.0.0.21" without a port: the one that the client asked for',
  ),
  service(
    'all ports without persistence',
    ['address = "10.0.0.100:0"', alone, none],
    '14:11: virtual_service[0].address: all ports of 10.0.0.100 without persistence, expected persistence = "5m", so that the ports of one client meet one server, or a port',
  ),
  service(
    'all ports with persistence switched off',
    ['address = "10.0.0.100:0"', 'persistence = "0s"', alone, none],
    '14:11: virtual_service[0].address: all ports of 10.0.0.100 without persistence, expected persistence = "5m", so that the ports of one client meet one server, or a port',
  ),
  service(
    'all ports and a port of the server',
    [
      'address = "10.0.0.100:0"',
      'persistence = "5m"',
      'real_servers = ["10.0.0.21:80", { address = "10.0.0.22:8080", forwarding = "nat" }]',
      none,
    ],
    '16:17: virtual_service[0].real_servers[0]: direct forwarding cannot change ports to 80, expected "10.0.0.21" without a port: the one that the client asked for',
    '16:45: virtual_service[0].real_servers[1].address: the kernel keeps the ports of a service of all ports, and ignores 8080, expected "10.0.0.22" without a port: the one that the client asked for',
  ),
  service(
    'a range that runs backwards',
    ['address = "10.0.0.100:8010-8000"', alone, none],
    '14:11: virtual_service[0].address: "10.0.0.100:8010-8000" is not valid, expected address and port such as "10.0.0.100:80", "[2001:db8::100]:80" or "10.0.0.100:8000-8010"',
  ),
  service(
    'a range from 0',
    ['address = "10.0.0.100:0-65535"', alone, none],
    '14:11: virtual_service[0].address: "10.0.0.100:0-65535" is not valid, expected address and port such as "10.0.0.100:80", "[2001:db8::100]:80" or "10.0.0.100:8000-8010"',
  ),
  service(
    'a range too long',
    ['address = "10.0.0.100:1-65535"', alone, none],
    '14:11: virtual_service[0].address: 65535 ports are as many services in the kernel, expected port 0 (all ports) or fwmark with persistence, or at most 1024 ports',
  ),
  service(
    'a range with direct forwarding to one port',
    ['address = "10.0.0.100:8000-8010"', 'real_servers = ["10.0.0.21:8000"]', none],
    '15:17: virtual_service[0].real_servers[0]: direct forwarding cannot change ports to 8000, expected "10.0.0.21" without a port: the one that the client asked for',
  ),
  service(
    'a range whose server is named with and without a port',
    [
      'address = "10.0.0.100:8000-8010"',
      'forwarding = "nat"',
      'real_servers = ["10.0.0.21", "10.0.0.21:8000"]',
      none,
    ],
    '16:30: virtual_service[0].real_servers[1]: 10.0.0.21:8000 beside 10.0.0.21 without a port, expected a machine either with its ports or without',
  ),
  service(
    'a range with a check that has no port',
    [
      'address = "10.0.0.100:8000-8010"',
      'real_servers = ["10.0.0.21", { address = "10.0.0.22", check = [{ type = "http" }, { type = "tcp", port = 80 }] }]',
      'check = { type = "tcp" }',
    ],
    '15:63: virtual_service[0].real_servers[1].check: no port to check 10.0.0.22 on, expected port = 80 in the check',
    '16:9: virtual_service[0].check: no port to check 10.0.0.21 on, expected port = 80 in the check',
  ),
  service(
    'a check whose addresses do not fit',
    [
      web,
      'real_servers = ["10.0.0.21:80"]',
      'check = [{ type = "tcp", address = "10.0.0.300" }, { type = "tcp", address = "db_1.example.net." },',
      '  { type = "tcp", address = "10.0.0.30", bind = "2001:db8::1" }, { type = "http", address = "db:80" }]',
    ],
    '16:36: virtual_service[0].check[0].address: "10.0.0.300" is not valid, expected an address, or a DNS name such as "db.example.net"',
    '17:49: virtual_service[0].check[2].bind: 2001:db8::1 cannot reach 10.0.0.30, expected addresses of one family',
    '17:93: virtual_service[0].check[3].address: "db:80" is not valid, expected an address such as "10.0.0.11" or "2001:db8::11"',
  ),
  service(
    'a check through what does not lead to the virtual address',
    [
      web,
      'check = { type = "tcp", through = "forwarding" }',
      'real_servers = ["10.0.0.21:80",',
      '  { address = "10.0.0.22:80", forwarding = "nat" }, { address = "10.0.0.23:80", forwarding = "full_nat" },',
      '  { address = "10.0.0.24:80", check = { type = "tcp", through = "forwarding", address = "db" } },',
      '  { address = "10.0.0.25:80", check = { type = "tcp", through = "forwarding", bind = "2001:db8::1" } },',
      '  { address = "10.0.0.26:80", check = { type = "http", through = "forwarding" } },',
      '  { address = "10.0.0.27:80", check = { type = "tcp", through = "forwarding", expect = "SSH" } }]',
    ],
    '15:35: virtual_service[0].check.through: with nat a server does not have the virtual address, expected "address"',
    '17:3: virtual_service[0].real_servers[1]: "nat" beside "full_nat" in one service, expected one of them for all servers, the sorry server included',
    '18:65: virtual_service[0].real_servers[3].check.through: what is checked is the server itself, expected it without address, or through = "address"',
    '19:65: virtual_service[0].real_servers[4].check.through: 10.0.0.100 cannot answer 2001:db8::1, expected bind of its family',
    '20:56: virtual_service[0].real_servers[5].check.through: unknown key, did you mean through in a tcp check?',
    '21:65: virtual_service[0].real_servers[6].check.through: nothing is said on the connection, expected "address", or it without send and expect',
  ),
  service(
    'a check through a tunnel to the other family',
    [
      web,
      'forwarding = "tunnel"',
      'check = { type = "tcp", through = "forwarding" }',
      'real_servers = ["[2001:db8::21]:80"]',
    ],
    '16:35: virtual_service[0].check.through: nothing says where 10.0.0.100 is to answer, expected bind with an address of IPv4',
    '17:17: virtual_service[0].real_servers[0]: IPv6 behind an IPv4 service: the kernel mirrors no connections while there is such a server, expected addresses of one family, or transport = "off" in [sync]',
  ),
  service(
    'a check of a mark through the forwarding',
    [
      'fwmark = 7',
      'check = { type = "tcp", port = 80, through = "forwarding" }',
      'real_servers = ["10.0.0.21"]',
    ],
    '15:46: virtual_service[0].check.through: a mark does not say which virtual address to check, expected "address"',
  ),
  service(
    'one port and a server without',
    [web, alone],
    '15:17: virtual_service[0].real_servers[0]: "10.0.0.21" has no port, expected address and port, did you mean "10.0.0.21:80"?',
  ),
  service(
    'a server with port 0',
    [web, 'real_servers = ["10.0.0.21:0"]'],
    '15:17: virtual_service[0].real_servers[0]: "10.0.0.21:0" has port 0, expected a port from 1 to 65535',
  ),
  service(
    'a loopback address',
    ['address = "127.0.0.1:80"', servers],
    '14:11: virtual_service[0].address: "127.0.0.1:80" is a loopback address, which no client can reach, expected an address that a virtual_router holds',
  ),
  service(
    'the loopback address of IPv6',
    ['address = "[::1]:80"', 'real_servers = ["[2001:db8::21]:80"]'],
    '14:11: virtual_service[0].address: "[::1]:80" is a loopback address, which no client can reach, expected an address that a virtual_router holds',
  ),
  service(
    'a link-local server',
    ['address = "[2001:db8::100]:80"', 'real_servers = ["[fe80::21]:80"]'],
    '14:11: virtual_service[0].address: warning: no virtual_router holds 2001:db8::100',
    '15:17: virtual_service[0].real_servers[0]: "[fe80::21]:80" is a link-local address, which the kernel refuses as a destination, expected an address that means the same machine on every interface',
  ),
  service(
    'a multicast server',
    [web, 'real_servers = ["224.0.0.1:80"]'],
    '15:17: virtual_service[0].real_servers[0]: "224.0.0.1:80" is a multicast address, expected one machine\'s address',
  ),
  service(
    'too heavy a server',
    [web, 'real_servers = [{ address = "10.0.0.21:80", weight = 65536 }]'],
    '15:54: virtual_service[0].real_servers[0].weight: 65536 is out of range, expected an integer from 0 to 65535',
  ),
  service(
    'thresholds the wrong way round',
    [web, 'real_servers = [{ address = "10.0.0.21:80", upper_threshold = 10, lower_threshold = 20 }]'],
    '15:85: virtual_service[0].real_servers[0].lower_threshold: 20 is above the upper_threshold of 10, expected at most 10',
  ),
  service(
    'a lower threshold alone',
    [web, 'real_servers = [{ address = "10.0.0.21:80", lower_threshold = 20 }]'],
    '15:63: virtual_service[0].real_servers[0].lower_threshold: 20 is without an upper_threshold, expected upper_threshold beside it',
  ),
  service(
    'an unknown tunnel',
    [web, servers, 'forwarding = "tunnel"', 'tunnel = { type = "vxlan" }'],
    '17:19: virtual_service[0].tunnel.type: "vxlan" is not one of them, expected "ipip", "gue", "gre"',
  ),
  service(
    'GUE without a port',
    [web, servers, 'forwarding = "tunnel"', 'tunnel = { type = "gue" }'],
    '17:10: virtual_service[0].tunnel: gue goes over UDP and needs its port, expected port = 6080 beside it',
  ),
  service(
    'GRE with a port',
    [web, servers, 'forwarding = "tunnel"', 'tunnel = { type = "gre", port = 1 }'],
    '17:26: virtual_service[0].tunnel.port: gre has no ports, expected it with type = "gue" only',
  ),
  service(
    'checksums that there are not',
    [
      web,
      'forwarding = "tunnel"',
      'tunnel = { checksum = true }',
      'real_servers = [{ address = "10.0.0.21:80", tunnel = { type = "gre", checksum = "remote" } }]',
    ],
    '16:23: virtual_service[0].tunnel.checksum: ipip has no checksum of its own, expected type = "gue" or "gre"',
    '17:81: virtual_service[0].real_servers[0].tunnel.checksum: gre has no remote checksum, expected true or false, or type = "gue"',
  ),
  service(
    'a checksum that is none',
    [web, servers, 'forwarding = "tunnel"', 'tunnel = { type = "gre", checksum = "true" }'],
    '17:37: virtual_service[0].tunnel.checksum: "true" is a string, expected true, false or "remote", did you mean true?',
  ),
  service(
    'a tunnel that nothing goes through',
    [web, servers, 'tunnel = { type = "ipip" }'],
    '16:1: virtual_service[0].tunnel: no server of this service is reached by a tunnel, expected forwarding = "tunnel" beside it',
  ),
  service(
    "a server's tunnel that nothing goes through",
    [web, 'real_servers = [{ address = "10.0.0.21:80", tunnel = { type = "ipip" } }]'],
    '15:45: virtual_service[0].real_servers[0].tunnel: forwarding is "direct", expected forwarding = "tunnel" beside it',
  ),
  service(
    'a tunnel to another port',
    [web, 'forwarding = "tunnel"', 'real_servers = ["10.0.0.21:8080"]'],
    '16:17: virtual_service[0].real_servers[0]: a tunnel cannot change port 80 to 8080, expected port 80, or forwarding = "nat"',
  ),
  service(
    'two families in a tunnel while connections are mirrored',
    [web, 'forwarding = "tunnel"', 'real_servers = ["[2001:db8::21]:80"]'],
    '16:17: virtual_service[0].real_servers[0]: IPv6 behind an IPv4 service: the kernel mirrors no connections while there is such a server, expected addresses of one family, or transport = "off" in [sync]',
  ),
  service(
    'two families without a tunnel',
    [web, 'forwarding = "direct"', 'real_servers = ["[2001:db8::21]:80"]'],
    '16:17: virtual_service[0].real_servers[0]: IPv6 behind an IPv4 service, expected addresses of one family, or forwarding = "tunnel"',
  ),
  service(
    'a flag of another scheduler',
    [web, servers, 'scheduler = "sh"', 'scheduler_flags = ["mh-port"]'],
    '17:20: virtual_service[0].scheduler_flags[0]: "mh-port" is a flag of the scheduler mh, and this is sh, expected scheduler = "mh", or none of its flags',
  ),
  service(
    'flags without their scheduler',
    [web, servers, 'scheduler_flags = ["sh-port", "sh-fallback"]'],
    '16:20: virtual_service[0].scheduler_flags[0]: "sh-port" is a flag of the scheduler sh, and this is wlc, expected scheduler = "sh", or none of its flags',
    '16:31: virtual_service[0].scheduler_flags[1]: "sh-fallback" is a flag of the scheduler sh, and this is wlc, expected scheduler = "sh", or none of its flags',
  ),
  service(
    'a flag twice',
    [web, servers, 'scheduler = "mh"', 'scheduler_flags = ["mh-port", "mh-port"]'],
    '17:31: virtual_service[0].scheduler_flags[1]: "mh-port" is given twice',
  ),
  service(
    'an unknown flag',
    [web, servers, 'scheduler = "sh"', 'scheduler_flags = ["sh_port"]'],
    '17:20: virtual_service[0].scheduler_flags[0]: "sh_port" is not one of them, expected "sh-fallback", "sh-port", "mh-fallback", "mh-port", did you mean "sh-port"?',
  ),
  service(
    'one packet with TCP',
    [web, servers, 'one_packet = true'],
    '16:14: virtual_service[0].one_packet: one_packet has no meaning for tcp, expected protocol = "udp"',
  ),
  service(
    'the SIP engine with TCP',
    [web, servers, 'persistence = "5m"', 'persistence_engine = "sip"'],
    '17:22: virtual_service[0].persistence_engine: "sip" reads UDP only, and this is tcp, expected protocol = "udp"',
  ),
  service(
    'an unknown engine',
    [web, servers, 'persistence = "5m"', 'persistence_engine = "http"'],
    '17:22: virtual_service[0].persistence_engine: "http" is not one of them, expected "sip"',
  ),
  service(
    'an engine and a netmask without persistence',
    [web, servers, 'protocol = "udp"', 'persistence_engine = "sip"', 'persistence_netmask = 24', none],
    '17:1: virtual_service[0].persistence_engine: there is no persistence, expected persistence = "5m" beside it',
    '18:1: virtual_service[0].persistence_netmask: there is no persistence, expected persistence = "5m" beside it',
  ),
  service(
    'netmask 0',
    [web, servers, 'persistence = "5m"', 'persistence_netmask = 0'],
    '17:23: virtual_service[0].persistence_netmask: 0 is out of range, expected a prefix length from 1 to 128',
  ),
  service(
    'a netmask with holes',
    [web, servers, 'persistence = "5m"', 'persistence_netmask = "255.0.255.0"'],
    '17:23: virtual_service[0].persistence_netmask: "255.0.255.0" is not a netmask, expected a prefix length such as 24, or a netmask such as "255.255.255.0"',
  ),
  service(
    'a prefix length as a string',
    [web, servers, 'persistence = "5m"', 'persistence_netmask = "/24"'],
    '17:23: virtual_service[0].persistence_netmask: "/24" is not a netmask, expected a prefix length such as 24, or a netmask such as "255.255.255.0", did you mean 24?',
  ),
  service(
    'a netmask too long for IPv4',
    [web, servers, 'persistence = "5m"', 'persistence_netmask = 64'],
    '17:23: virtual_service[0].persistence_netmask: 64 is too long for IPv4, and 10.0.0.100 is of IPv4, expected a prefix length from 1 to 32',
  ),
  service(
    'a netmask of IPv4 for IPv6',
    [
      'fwmark = 7',
      'family = "ipv6"',
      'real_servers = ["2001:db8::21"]',
      none,
      'persistence = "5m"',
      'persistence_netmask = "255.255.255.0"',
    ],
    '19:23: virtual_service[0].persistence_netmask: a netmask in dots is of IPv4, and this service is of IPv6, expected a prefix length from 1 to 128',
  ),
  service(
    'a sorry server among the real ones',
    [web, servers, 'sorry_server = "10.0.0.21:80"'],
    '16:16: virtual_service[0].sorry_server: 10.0.0.21:80 is a real server of this service, expected another machine, or another port of it',
  ),
  service(
    'a sorry server without a port that is a real server on one',
    [...range, 'real_servers = ["10.0.0.21:80"]', 'sorry_server = "10.0.0.21"'],
    '18:16: virtual_service[0].sorry_server: 10.0.0.21 is a real server of this service, expected another machine, or another port of it',
  ),
  service(
    'a sorry server with a port that is a real server on each',
    [...range, alone, 'sorry_server = "10.0.0.21:80"'],
    '18:16: virtual_service[0].sorry_server: 10.0.0.21:80 is a real server of this service, expected another machine, or another port of it',
  ),
  service(
    'translation to this machine’s loopback',
    [web, 'forwarding = "full_nat"', 'real_servers = ["127.0.0.1:8080"]'],
    '16:17: virtual_service[0].real_servers[0]: the kernel translates nothing from outside to a loopback address, expected direct forwarding on the same port, or another address of the machine',
  ),
  service(
    'a director as a server of the other one',
    [web, 'real_servers = ["10.0.0.21:80", "10.0.0.12:80"]', 'sorry_server = "nowhere"'],
    '15:33: virtual_service[0].real_servers[1]: warning: the director lb2, whose table sends on what the other one sends it, expected a machine that is no director, or forwarding = "full_nat"',
    '16:16: virtual_service[0].sorry_server: "nowhere" is not valid, expected address and port such as "10.0.0.21:80" or "[2001:db8::21]:80"',
  ),
  service(
    'packets one by one through translation',
    [
      'address = "10.0.0.100:53"',
      'protocol = "udp"',
      none,
      'one_packet = true',
      'forwarding = "nat"',
      alone53,
    ],
    '17:14: virtual_service[0].one_packet: nobody would translate the answers back: the kernel forgets each packet at once, expected forwarding = "direct" or "tunnel"',
  ),
  service(
    'a sorry server on another port',
    [web, servers, 'sorry_server = "10.0.0.30:8080"'],
    '16:16: virtual_service[0].sorry_server: direct forwarding cannot change port 80 to 8080, expected port 80, or forwarding = "nat"',
  ),
  services(
    'overlaps',
    [
      ...['[[virtual_service]]', 'name = "a"', 'address = "10.0.0.100:8000-8010"', alone, none],
      ...[
        '[[virtual_service]]',
        'name = "b"',
        'address = "10.0.0.100:8005"',
        'real_servers = ["10.0.0.21:8005"]',
      ],
      ...['[[virtual_service]]', 'name = "c"', 'address = "10.0.0.100:8010-8020"', alone, none],
      ...[
        '[[virtual_service]]',
        'name = "d"',
        'address = "10.0.0.100:8021"',
        'real_servers = ["10.0.0.21:8021"]',
      ],
      ...['[[virtual_service]]', 'name = "e"', 'address = "10.0.0.100:8005"', 'protocol = "udp"'],
      ...['real_servers = ["10.0.0.21:8005"]', none],
    ],
    '20:11: virtual_service[1].address: two virtual services on one protocol, address and port: see virtual_service[0].address in line 15',
    '24:11: virtual_service[2].address: two virtual services on one protocol, address and port: see virtual_service[0].address in line 15',
  ),
  services(
    'overlaps with all ports',
    [
      ...['[[virtual_service]]', 'name = "a"', web, servers],
      ...['[[virtual_service]]', 'name = "b"', 'address = "10.0.0.100:0"', 'persistence = "1m"', alone, none],
    ],
    '19:11: virtual_service[1].address: two virtual services on one protocol, address and port: see virtual_service[0].address in line 15',
  ),
  services(
    'one mark twice, and once of each family',
    [
      ...['[[virtual_service]]', 'name = "a"', 'fwmark = 7', alone, none],
      ...['[[virtual_service]]', 'name = "b"', 'fwmark = 7', 'family = "ipv4"', alone, none],
      ...[
        '[[virtual_service]]',
        'name = "c"',
        'fwmark = 7',
        'family = "ipv6"',
        'real_servers = ["2001:db8::21"]',
        none,
      ],
    ],
    '20:10: virtual_service[1].fwmark: two virtual services on one firewall mark: see virtual_service[0].fwmark in line 15',
  ),
]
