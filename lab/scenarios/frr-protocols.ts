import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../lab.js'
import type { LabProcess } from '../lab-process.js'
import {
  meetPeer,
  type ProtocolRouter,
  prefixLength,
  protocolRouters,
  virtualMacOf,
} from '../protocol-routers.js'
import type { Scenario } from '../scenario.js'
import { run as command } from '../shell-command.js'
import { busyMachine, until } from '../wait.js'

// FRR's vrrpd knows neither passwords nor unicast.
const { version3, version2, ipv6, virtualMac, virtualMac6 } = protocolRouters
const routers: readonly ProtocolRouter[] = [version3, version2, ipv6, virtualMac, virtualMac6]

const isSix = ({ addresses }: ProtocolRouter): boolean => addresses[0]?.includes(':') ?? false

/** vrrpd wants a macvlan with the virtual MAC and the addresses for each router (its manual, "Setup"). */
function macvlan(router: ProtocolRouter): readonly string[] {
  const six = isSix(router)
  const device = `vrrp${six ? 6 : 4}-${router.vrid}`
  return [
    `link add ${device} link eth0 type macvlan mode bridge`,
    `link set ${device} addrgenmode none`,
    `link set ${device} address ${virtualMacOf(router)}`,
    ...router.addresses.map(
      (address) => `address add ${address}/${prefixLength(address)} dev ${device}${six ? ' nodad' : ''}`,
    ),
    `link set ${device} up`,
  ]
}

/** One vrid holds both families: they share priority and interval. */
function settings(priority: number): string {
  const lines = routers.flatMap(({ vrid, version, addresses }) => [
    `vrrp ${vrid} version ${version}`,
    `vrrp ${vrid} priority ${priority}`,
    `vrrp ${vrid} advertisement-interval 1000`,
    ...addresses
      // vrrpd takes the link-local address from the macvlan by itself.
      .filter((address) => !address.startsWith('fe80:'))
      .map((address) => `vrrp ${vrid} ${address.includes(':') ? 'ipv6' : 'ip'} ${address}`),
  ])
  return `interface eth0\n${lines.map((line) => ` ${line}\n`).join('')}`
}

class Frr {
  readonly #space: string
  #daemons: LabProcess[] = []

  constructor(readonly lab: Lab) {
    this.#space = `${lab.topology.prefix}lb2`
  }

  async start(priority: number): Promise<this> {
    const folder = `/var/run/frr/${this.#space}`
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    await command(['chown', '-R', 'frr:frr', '/var/run/frr'])
    const file = join(this.lab.artefacts, 'frr.conf')
    writeFileSync(file, settings(priority), { mode: 0o644 })
    for (const daemon of ['zebra', 'vrrpd']) {
      const argv = [`/usr/lib/frr/${daemon}`, '-N', this.#space, '-P', '0', '-f', file, '--log', 'stdout']
      this.#daemons.push(this.lab.topology.spawn('lb2', daemon, argv))
      await until(`${daemon} answers`, 10000 * busyMachine, async () =>
        (await this.#ask('show version', daemon).catch(() => '')) === '' ? undefined : true,
      )
    }
    return this
  }

  async stop(): Promise<void> {
    for (const daemon of this.#daemons.reverse()) await daemon.stop()
    this.#daemons = []
  }

  /** Every router is Master, or every one is Backup. */
  async untilAll(state: 'Master' | 'Backup', patience: number): Promise<void> {
    let seen = ''
    await until(
      `FRR is ${state} of all`,
      patience,
      async () => {
        seen = await this.#ask('show vrrp summary', 'vrrpd').catch(String)
        // Interface, vrid, priority, addresses and state of each family; one without addresses means nothing.
        const states = seen.split('\n').flatMap((line) => {
          const [device, , , four, six, state4, state6] = line.trim().split(/\s+/)
          if (device !== 'eth0') return []
          return [...(four === '0' ? [] : [state4]), ...(six === '0' ? [] : [state6])]
        })
        return states.length === routers.length && states.every((each) => each === state) ? true : undefined
      },
      () => seen,
    )
  }

  #ask(question: string, daemon: string): Promise<string> {
    return this.lab.topology.run('lb2', ['vtysh', '-N', this.#space, '-d', daemon, '-c', question])
  }
}

async function run(lab: Lab): Promise<void> {
  await lab.topology.run('lb2', ['ip', '-batch', '-'], `${routers.flatMap(macvlan).join('\n')}\n`)
  const frr = new Frr(lab)
  await meetPeer(
    lab,
    routers,
    (priority) => frr.start(priority),
    (active, patience) => frr.untilAll(active ? 'Master' : 'Backup', patience),
  )
}

export const frrProtocols: Scenario = {
  name: 'frr-protocols',
  summary:
    "FRR's vrrpd with its virtual MACs and vipair elect one Active, whoever is higher: version 2 and 3, IPv6",
  forwarding: 'direct',
  run,
}
