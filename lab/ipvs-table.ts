import {
  backAddress,
  frontAddress,
  ports,
  type ServerName,
  serverNames,
  virtualAddress,
} from './addresses.js'
import type { ForwardingMethod } from './topology.js'

/** Where a director reaches the server under this forwarding method. */
export const serverAddress = (server: ServerName, forwarding: ForwardingMethod): string =>
  forwarding === 'nat' ? backAddress(server) : frontAddress(server)

/** The lab's three services for `ipvsadm -R`: what stands in the table without vipair. */
export function ipvsadmRules(forwarding: ForwardingMethod, scheduler: string): string {
  const method = forwarding === 'nat' ? '-m' : '-g'
  const services: readonly (readonly ['-t' | '-u', number])[] = [
    ['-t', ports.http],
    ['-t', ports.echo],
    ['-u', ports.echo],
  ]
  const lines = services.flatMap(([protocol, port]) => {
    const service = `${protocol} ${virtualAddress}:${port}`
    const add = serverNames.map(
      (server) => `-a ${service} -r ${serverAddress(server, forwarding)}:${port} ${method} -w 1`,
    )
    return [`-A ${service} -s ${scheduler}`, ...add]
  })
  return `${lines.join('\n')}\n`
}
