import { frontAddress, pinnedPort, ports, secondClient, virtualAddress } from '../addresses.js'
import type { Lab } from '../lab.js'
import type { LabProcess } from '../lab-process.js'
import { built } from '../paths.js'
import { busyMachine, until } from '../wait.js'
import type { SessionsSeen } from './report.js'

/** The client's long sessions through full NAT, as a scenario sees them. */
export class FullNatSessions {
  private readonly client: LabProcess
  private latest: SessionsSeen | undefined

  private constructor(lab: Lab, plain: number, colliding: number) {
    this.client = lab.topology.spawn(
      'client',
      'sessions',
      [process.execPath, built('lab/full-nat/client'), `--plain=${plain}`, `--colliding=${colliding}`],
      {
        onLine: (line) => {
          this.latest = JSON.parse(line)
        },
      },
    )
  }

  static async open(lab: Lab, counts: { readonly plain: number; readonly colliding: number }) {
    await lab.topology.run('client', ['ip', 'address', 'add', `${secondClient}/24`, 'dev', 'eth0'])
    return new FullNatSessions(lab, counts.plain, counts.colliding)
  }

  /** Pairs more, from both of the client's addresses with one port each. */
  openPairs(count: number): void {
    this.client.say(`open ${count}`)
  }

  /** Every session has answered something said from now on, or is gone. */
  async proved(what: string): Promise<SessionsSeen> {
    const before = this.latest?.marked ?? -1
    this.client.say('mark')
    return until(
      what,
      20_000 * busyMachine,
      () => {
        const seen = this.latest
        if (!seen || seen.marked <= before || seen.total === 0) return undefined
        return seen.alive + seen.ended.length === seen.total ? seen : undefined
      },
      () => this.latest,
    )
  }
}

export const fullNatServers = ['rs1', 'rs2'] as const

/** Echo over two servers, and over one alone, where client ports collide. */
export function fullNatServices(): string {
  const service = (name: string, protocol: string, port: number, servers: readonly string[]): string => `
[[virtual_service]]
name = "${name}"
address = "${virtualAddress}:${port}"
protocol = "${protocol}"
scheduler = "rr"
forwarding = "full_nat"
check = { type = "tcp", port = ${ports.echo}, interval = "2s", timeout = "2s" }
real_servers = [${servers.map((server) => `"${server}:${ports.echo}"`).join(', ')}]
`
  const all = fullNatServers.map(frontAddress)
  const one = all.slice(0, 1)
  return [
    service('echo', 'tcp', ports.echo, all),
    service('echo-udp', 'udp', ports.echo, all),
    service('pinned', 'tcp', pinnedPort, one),
    service('pinned-udp', 'udp', pinnedPort, one),
  ].join('')
}
