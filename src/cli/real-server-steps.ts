/** What a machine must do to be a real server of one service, as commands. Pure. */
import { formatIp, type IpAddress } from '../base/ip.js'

export interface RealServerTunnel {
  readonly type: 'ipip' | 'gue' | 'gre'
  readonly port: number | undefined
  readonly checksum: boolean | 'remote'
}

export interface RealServerNeeds {
  readonly forwarding: 'direct' | 'nat' | 'full_nat' | 'tunnel'
  readonly virtual: IpAddress
  /** Where the director sends to. */
  readonly server: IpAddress
  /** With `tunnel` only. */
  readonly tunnel: RealServerTunnel | undefined
  /** Of the path from the director to the server: the largest packet that it carries. */
  readonly mtu: number
  /** Floating addresses on the server's network: what its answers must pass with `nat`. */
  readonly gateways: readonly IpAddress[]
}

export interface Step {
  /** Program and arguments. */
  readonly run: readonly string[]
  readonly why: string
  /** In what the program complains of, one or the other, when it is so already. */
  readonly doneAlready?: readonly string[]
  /** It can be done without: then this is to be done instead. */
  readonly otherwise?: string
}

export interface Steps {
  readonly apply: readonly Step[]
  /** In this order. Settings stay, for other addresses may need them. */
  readonly remove: readonly Step[]
  /** What no command can decide. */
  readonly notes: readonly string[]
}

export function stepsFor(needs: RealServerNeeds): Steps {
  switch (needs.forwarding) {
    case 'direct':
      return holdAddress(needs.virtual)
    case 'tunnel':
      return tunnelSteps(needs)
    case 'nat':
      return { apply: [], remove: [], notes: natNotes(needs) }
    case 'full_nat':
      return {
        apply: [],
        remove: [],
        notes: [
          `nothing: its clients all look like ${formatIp(needs.virtual)}, and its answers find their way`,
        ],
      }
  }
}

/** The address without a network, on an interface that nobody asks about. */
function holdAddress(virtual: IpAddress, device = 'lo'): Steps {
  const address = `${formatIp(virtual)}/${virtual.family === 4 ? 32 : 128}`
  const silence = (name: string, value: number, why: string): Step => ({
    run: ['sysctl', '-q', '-w', `net.ipv4.conf.all.${name}=${value}`],
    why,
  })
  const nodad = virtual.family === 6 ? ['nodad'] : []
  return {
    apply: [
      // Silent before it has the address: one answer is enough to draw the clients here.
      ...(virtual.family === 4
        ? [
            silence('arp_ignore', 1, 'it answers no ARP request for an address that another interface has'),
            silence('arp_announce', 2, 'it asks by ARP from an address of the interface that it asks on'),
          ]
        : []),
      {
        run: ['ip', 'address', 'replace', address, 'dev', device, ...nodad],
        why: 'it takes packets for the virtual address as its own',
      },
    ],
    remove: [
      {
        run: ['ip', 'address', 'del', address, 'dev', device],
        why: 'it is no longer a server of the virtual address',
        doneAlready: ['ddress not found', 'Cannot assign requested address'],
      },
    ],
    notes: [],
  }
}

interface Unwrapping {
  readonly module: string
  /** The device that takes what comes from anywhere. */
  readonly device: string
  /** It is not there with the module. */
  readonly made?: true
  /** Bytes before the packet of the client. */
  readonly overhead: number
}

function unwrapping(inner: 4 | 6, outer: 4 | 6, { type, checksum }: RealServerTunnel): Unwrapping {
  const header = outer === 4 ? 20 : 40
  if (type === 'gre') {
    // RFC 2784: four bytes, and four more with a checksum.
    const overhead = header + (checksum === false ? 4 : 8)
    return outer === 4
      ? { module: 'ip_gre', device: 'gre0', overhead }
      : { module: 'ip6_gre', device: 'ip6gre0', overhead }
  }
  // GUE wraps the same packet in UDP and four bytes more, eight more still for a remote checksum (draft-ietf-intarea-gue).
  const overhead = header + (type === 'gue' ? 8 + 4 + (checksum === 'remote' ? 8 : 0) : 0)
  // The kernel's own (ip6tnl0) takes IPv6 only.
  if (outer === 6) return { module: 'ip6_tunnel', device: 'vipair6', made: true, overhead }
  return inner === 4
    ? { module: 'ipip', device: 'tunl0', overhead }
    : { module: 'sit', device: 'sit0', overhead }
}

const plainTunnel: RealServerTunnel = { type: 'ipip', port: undefined, checksum: false }

function tunnelSteps({ virtual, server, tunnel = plainTunnel, mtu }: RealServerNeeds): Steps {
  const { type, port } = tunnel
  const { module, device, made, overhead } = unwrapping(virtual.family, server.family, tunnel)
  // The loose filter (2) lets nothing in by an interface without an IPv4 address (fib_validate_source).
  const held = holdAddress(virtual, virtual.family === 4 ? device : 'lo')
  const fou = ['ip', ...(server.family === 6 ? ['-6'] : []), 'fou']
  const gue = type === 'gue' && port !== undefined
  const unwrap: readonly Step[] = [
    { run: ['modprobe', module], why: `it unwraps what comes by ${device}` },
    ...(gue
      ? [
          { run: ['modprobe', server.family === 6 ? 'fou6' : 'fou'], why: 'it unwraps UDP' },
          {
            run: [...fou, 'add', 'port', `${port}`, 'gue'],
            why: `UDP port ${port} carries wrapped packets`,
            doneAlready: ['Address already in use', 'File exists'],
          },
        ]
      : []),
    ...(made
      ? [
          {
            run: `ip link add ${device} type ip6tnl mode any local ${formatIp(server)} remote ::`.split(' '),
            why: 'it takes IPv4 and IPv6',
            doneAlready: ['File exists'],
          },
        ]
      : []),
    { run: ['ip', 'link', 'set', device, 'up'], why: 'it takes wrapped packets from any director' },
    ...(virtual.family === 4
      ? [
          {
            run: ['sysctl', '-q', '-w', `net.ipv4.conf.${device}.rp_filter=2`],
            why: 'clients come by the tunnel and are answered by another way',
          },
        ]
      : []),
  ]
  const close: readonly Step[] = [
    ...(made
      ? [
          {
            run: ['ip', 'link', 'del', device],
            why: 'nothing comes by it any more',
            doneAlready: ['Cannot find device'],
          },
        ]
      : []),
    ...(gue
      ? [
          {
            run: [...fou, 'del', 'port', `${port}`],
            why: `UDP port ${port} carries nothing more`,
            doneAlready: ['No such file or directory'],
          },
        ]
      : []),
  ]
  const smaller = announceSegments(virtual, type, mtu - overhead)
  return {
    apply: [...unwrap, ...held.apply, ...smaller.apply],
    remove: [...smaller.remove, ...held.remove, ...close],
    notes: [
      `${overhead} bytes of a packet go to the wrapping: where the path from the director carries ${mtu + overhead} ` +
        `bytes, say so by --mtu ${mtu + overhead}; UDP of more than ${mtu - overhead} bytes a packet depends on ICMP`,
    ],
  }
}

/**
 * The clients' segments must fit into the tunnel, and the server's answers, which say how long they may be, do
 * not pass it. The kernel never raises the size by such a rule.
 */
function announceSegments(
  virtual: IpAddress,
  type: RealServerTunnel['type'],
  room: number,
): Pick<Steps, 'apply' | 'remove'> {
  const [ip, headers] = virtual.family === 4 ? ['ip', 20 + 20] : ['ip6', 40 + 20]
  const address = formatIp(virtual)
  const segment = room - headers
  const table = `${ip} vipair_${type}_${address.replaceAll(/[.:]/g, '_')}`
  const rule = `${ip} saddr ${address} tcp flags syn tcp option maxseg size set ${segment}`
  const chain = `chain output { type filter hook output priority mangle; policy accept; ${rule}; }`
  return {
    apply: [
      {
        // In one transaction, and the same when it is there already.
        run: ['nft', `table ${table}; delete table ${table}; table ${table} { ${chain}; }`],
        why: `it announces TCP segments of ${segment} bytes at most, which fit into the tunnel`,
        otherwise: `ip route change default … advmss ${segment}, or raise the MTU and say so by --mtu`,
      },
    ],
    remove: [
      {
        run: ['nft', `table ${table}; delete table ${table}`],
        why: 'it announces segments as before',
        otherwise: 'nothing: without nft there was no table',
      },
    ],
  }
}

function natNotes({ server, gateways }: RealServerNeeds): readonly string[] {
  if (gateways.length === 0)
    return [
      `its answers must pass the Active director, and no floating address is on the network of ${formatIp(server)}: ` +
        'give the virtual_router one, or use forwarding = "full_nat"',
    ]
  return [
    'its answers must pass the Active director; its own default route is left to you:',
    ...gateways.map((gateway) => {
      const family = gateway.family === 6 ? ' -6' : ''
      return `  ip${family} route replace default via ${formatIp(gateway)}`
    }),
  ]
}
