import { join } from 'node:path'
import {
  backAddress,
  directorNames,
  frontAddress,
  type HostName,
  hostNames,
  natGateway,
  serverNames,
  virtualAddress,
} from './addresses.js'
import { LabProcess, type SpawnOptions } from './lab-process.js'
import { run } from './shell-command.js'

export type ForwardingMethod = 'direct' | 'nat' | 'full_nat'

let made = 0

/**
 * Six hosts on one switch, each a network namespace: a client, two directors, three real servers that are
 * ready for direct routing (the virtual address on lo, silent in ARP) and for NAT (a second subnet whose
 * answers leave by the gateway that floats with the virtual address); for full NAT they are as they come.
 * Needs root.
 */
export class Topology {
  readonly prefix: string
  readonly artefacts: string
  readonly #processes: LabProcess[] = []

  private constructor(artefacts: string) {
    made += 1
    this.prefix = `vipair-${process.pid}-${made}-`
    this.artefacts = artefacts
  }

  static async create(artefacts: string, forwarding: ForwardingMethod): Promise<Topology> {
    const topology = new Topology(artefacts)
    try {
      await topology.#build(forwarding)
      await topology.forwardBy(forwarding)
      return topology
    } catch (error) {
      await topology.close()
      throw error
    }
  }

  namespace(host: HostName | 'switch'): string {
    return `${this.prefix}${host}`
  }

  /** `argv` as it must be run from outside to take place in the host. */
  command(host: HostName | 'switch', argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.namespace(host), ...argv]
  }

  /** Runs a program in the host to its end and answers its output. */
  run(host: HostName | 'switch', argv: readonly string[], input = ''): Promise<string> {
    return run(this.command(host, argv), input)
  }

  /** Starts a program in the host; it is ended with the topology. Its log is among the artefacts. */
  spawn(
    host: HostName | 'switch',
    name: string,
    argv: readonly string[],
    options: Omit<SpawnOptions, 'log'> = {},
  ): LabProcess {
    const log = join(this.artefacts, `${host}-${name}.log`)
    const child = new LabProcess(`${host} ${name}`, this.command(host, argv), { ...options, log })
    this.#processes.push(child)
    return child
  }

  /** Direct routing needs no forwarding, and with it an old owner would hide losses by passing strays on; vipair sets it for itself. */
  async forwardBy(method: ForwardingMethod): Promise<void> {
    const forward = method === 'nat' ? 1 : 0
    for (const lb of directorNames)
      await this.run(lb, ['sysctl', '-q', '-w', `net.ipv4.ip_forward=${forward}`])
  }

  /** Pulls the host's cable. */
  async cut(host: HostName): Promise<void> {
    await run(['ip', '-n', this.namespace('switch'), 'link', 'set', `to-${host}`, 'down'])
  }

  async heal(host: HostName): Promise<void> {
    await run(['ip', '-n', this.namespace('switch'), 'link', 'set', `to-${host}`, 'up'])
  }

  /** Drops this share of the packets towards the host, 0 to 100 percent. */
  async dropPackets(host: HostName, percent: number): Promise<void> {
    const device = ['dev', `to-${host}`, 'root']
    const change =
      percent > 0
        ? ['qdisc', 'replace', ...device, 'netem', 'loss', `${percent}%`]
        : ['qdisc', 'del', ...device]
    await run(['tc', '-n', this.namespace('switch'), ...change])
  }

  /** Packets on the host's interface, into `NAME.pcap` among the artefacts, until the topology closes. */
  capture(host: HostName, name: string, filter = ''): LabProcess {
    const file = join(this.artefacts, `${name}.pcap`)
    const words = filter === '' ? [] : filter.split(' ')
    // -Z root: tcpdump would give up its rights before it opens the file.
    return this.spawn(host, 'tcpdump', [
      'tcpdump',
      '-i',
      'eth0',
      '-n',
      '-U',
      '-Z',
      'root',
      '-w',
      file,
      ...words,
    ])
  }

  /** Whether the host's interface carries the address. */
  async holds(host: HostName, address: string): Promise<boolean> {
    const shown = await run(['ip', '-n', this.namespace(host), '-o', 'address', 'show'])
    return shown.split('\n').some((line) => line.includes(` ${address}/`) && !/^\d+: lo /.test(line))
  }

  /** Ends every process that was started here and removes every host. */
  async close(): Promise<void> {
    for (const child of this.#processes) child.thaw()
    await Promise.all(this.#processes.map((child) => child.kill()))
    const listed = await run(['ip', 'netns', 'list'])
    const names = listed.split('\n').map((line) => line.split(' ')[0] ?? '')
    const ours = names.filter((name) => name.startsWith(this.prefix))
    await run(['ip', '-batch', '-'], ours.map((name) => `netns del ${name}\n`).join(''))
  }

  async #build(forwarding: ForwardingMethod): Promise<void> {
    const all = ['switch', ...hostNames] as const
    await run(['ip', '-batch', '-'], all.map((host) => `netns add ${this.namespace(host)}\n`).join(''))
    const cables = hostNames.flatMap((host) => [
      `link add to-${host} type veth peer name eth0 netns ${this.namespace(host)}`,
      `link set to-${host} master switch up`,
    ])
    // Snooping would hold multicast back from whoever has not yet been heard to join.
    await this.#ip('switch', [
      'link add switch type bridge mcast_snooping 0',
      'link set switch up',
      ...cables,
    ])
    for (const host of hostNames) {
      await this.run(host, ['sysctl', '-q', '-w', ...sysctls(host)])
      await this.#ip(host, ['link set lo up', 'link set eth0 up', ...addressing(host, forwarding)])
    }
  }

  async #ip(host: HostName | 'switch', lines: readonly string[]): Promise<void> {
    await run(['ip', '-n', this.namespace(host), '-batch', '-'], `${lines.join('\n')}\n`)
  }
}

const isServer = (host: HostName): host is (typeof serverNames)[number] =>
  serverNames.some((name) => name === host)

function addressing(host: HostName, forwarding: ForwardingMethod): string[] {
  const front = `address add ${frontAddress(host)}/24 dev eth0`
  if (host === 'client') return [front]
  const both = [front, `address add ${backAddress(host)}/24 dev eth0`]
  if (!isServer(host)) return both
  if (forwarding === 'full_nat') return [front]
  return [
    ...both,
    `address add ${virtualAddress}/32 dev lo`,
    // Answers from the NAT side leave by the gateway, although the client is on the same wire.
    'route add 10.2.0.0/24 dev eth0 table 2',
    `route add default via ${natGateway} table 2`,
    'rule add from 10.2.0.0/24 lookup 2',
  ]
}

function sysctls(host: HostName): string[] {
  const all = (name: string, value: number): string[] =>
    ['all', 'default', 'eth0'].map((scope) => `net.ipv4.conf.${scope}.${name}=${value}`)
  const common = [...all('rp_filter', 0), ...all('send_redirects', 0), ...all('accept_redirects', 0)]
  if (!isServer(host)) return common
  return [...common, ...all('arp_ignore', 1), ...all('arp_announce', 2)]
}
