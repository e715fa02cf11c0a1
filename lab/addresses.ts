/** The lab's network, in one place: who has which address. */

export const directorNames = ['lb1', 'lb2'] as const
export const serverNames = ['rs1', 'rs2', 'rs3'] as const
export const hostNames = ['client', ...directorNames, ...serverNames] as const

export type DirectorName = (typeof directorNames)[number]
export type ServerName = (typeof serverNames)[number]
export type HostName = (typeof hostNames)[number]

const lastByte: Record<HostName, number> = { client: 10, lb1: 11, lb2: 12, rs1: 21, rs2: 22, rs3: 23 }

/** On 10.0.0.0/24, where clients and directors live; servers too, for direct routing. */
export const frontAddress = (host: HostName): string => `10.0.0.${lastByte[host]}`

/** On 10.2.0.0/24, the servers' side of NAT. The client has none. */
export const backAddress = (host: DirectorName | ServerName): string => `10.2.0.${lastByte[host]}`

/** The address that the pair keeps available. */
export const virtualAddress = '10.0.0.100'

/** Where NAT servers send their answers; it must move together with the virtual address. */
export const natGateway = '10.2.0.254'

/** The client's further address, where it has two. */
export const secondClient = '10.0.0.9'

/** Of the virtual address: where one real server takes everything. */
export const pinnedPort = 7001

export const ports = { http: 80, echo: 7000 } as const
