/** Targets of full NAT and the tables that they make. */
import assert from 'node:assert/strict'
import { parseIp } from '../../src/base/ip.js'
import type { FullNatTarget } from '../../src/ipvs/full-nat/targets.js'

export const address = (text: string) => {
  const parsed = parseIp(text)
  assert.ok(parsed, text)
  return parsed
}

export const ports = (
  protocol: 'tcp' | 'udp' | 'sctp',
  virtual: string,
  firstPort: number,
  lastPort: number,
  ...serverPorts: number[]
): FullNatTarget => ({ kind: 'ports', protocol, address: address(virtual), firstPort, lastPort, serverPorts })

/** What nft must print for it word for word: test/platform/nft.test.ts holds it to that. */
export const examples: readonly {
  readonly family: 'ip' | 'ip6'
  readonly targets: readonly FullNatTarget[]
  readonly table: string
}[] = [
  {
    family: 'ip',
    targets: [ports('tcp', '10.0.0.100', 80, 80, 8080), ports('tcp', '10.0.0.100', 443, 443, 8443)],
    table: `table ip vipair {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ct original ip daddr 10.0.0.100 ct protocol tcp ct original proto-dst 443 ip daddr != 10.0.0.100 snat to 10.0.0.100
		ct original ip daddr 10.0.0.100 ct protocol tcp ct original proto-dst 80 ip daddr != 10.0.0.100 snat to 10.0.0.100
	}

	chain input {
		type filter hook input priority filter; policy accept;
		ct state new ip daddr 10.0.0.100 tcp sport { 8080, 8443 } tcp dport != { 80, 443 } drop
	}
}
`,
  },
  {
    family: 'ip6',
    targets: [ports('udp', 'fd00::100', 8000, 8010, 0), ports('tcp', 'fd00::100', 0, 0, 0)],
    table: `table ip6 vipair {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ct original ip6 daddr fd00::100 ct protocol tcp ip6 daddr != fd00::100 snat to fd00::100
		ct original ip6 daddr fd00::100 ct protocol udp ct original proto-dst 8000-8010 ip6 daddr != fd00::100 snat to fd00::100
	}

	chain input {
		type filter hook input priority filter; policy accept;
		ct state new ip6 daddr fd00::100 udp sport 8000-8010 udp dport != 8000-8010 drop
	}
}
`,
  },
  {
    family: 'ip',
    targets: [
      { kind: 'fwmark', family: 4, mark: 7, servers: [address('10.0.0.22'), address('10.0.0.3')] },
      { kind: 'fwmark', family: 6, mark: 7, servers: [address('fd00::22')] },
    ],
    table: `table ip vipair {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		meta mark 0x00000007 ip daddr { 10.0.0.3, 10.0.0.22 } snat to ct original ip daddr
	}
}
`,
  },
]
