/** One set of services for every program: services of a hundred servers each, NAT, no checks. */

export const serversEach = 100

/** Weights are 100, but for the very first server of all. */
export interface Services {
  /** Servers in all, a multiple of `serversEach`. */
  readonly servers: number
  readonly firstWeight: number
}

export const serviceAddress = (service: number): string => `10.1.${service >> 8}.${service & 255}`
export const serverAddress = (service: number, server: number): string =>
  `10.${2 + (service >> 8)}.${service & 255}.${server + 1}`

function* each({ servers, firstWeight }: Services) {
  for (let service = 0; service < servers / serversEach; service++) {
    const members = Array.from({ length: serversEach }, (_, server) => ({
      address: serverAddress(service, server),
      weight: service === 0 && server === 0 ? firstWeight : 100,
    }))
    yield { service, address: serviceAddress(service), members }
  }
}

export function vipairFile(services: Services): string {
  const parts = ['[[director]]\nname = "bench"\naddress = "127.0.0.1"\n']
  for (const { service, address, members } of each(services))
    parts.push(`
[[virtual_service]]
name = "s${service}"
address = "${address}:80"
forwarding = "nat"
check = { type = "none" }
real_servers = [
${members.map((one) => `  { address = "${one.address}:80", weight = ${one.weight} },`).join('\n')}
]
`)
  return parts.join('')
}

export function keepalivedFile(services: Services): string {
  const parts = ['global_defs {\n  router_id bench\n}\n']
  for (const { address, members } of each(services)) {
    const servers = members.map((one) => `  real_server ${one.address} 80 {\n    weight ${one.weight}\n  }`)
    parts.push(
      `virtual_server ${address} 80 {\n  lvs_sched wlc\n  lvs_method NAT\n  protocol TCP\n${servers.join('\n')}\n}\n`,
    )
  }
  return parts.join('')
}

/** For `ipvsadm -R`. */
export function ipvsadmRules(services: Services): string {
  const lines: string[] = []
  for (const { address, members } of each(services)) {
    lines.push(`-A -t ${address}:80 -s wlc`)
    for (const one of members) lines.push(`-a -t ${address}:80 -r ${one.address}:80 -m -w ${one.weight}`)
  }
  return `${lines.join('\n')}\n`
}
