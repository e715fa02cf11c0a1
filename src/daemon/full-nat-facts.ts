/** Routes what full NAT's connection tracking must know between the processes, and again to one that was restarted. */
import type { Translation } from '../base/facts.js'
import type { VirtualRouterConfig } from '../config/model.js'
import type { SourcePortsFact } from '../ipvs/full-nat/tracking/runtime.js'
import type { RouterState } from '../vrrp/status.js'
import type { Children } from './children.js'

export class FullNatFacts {
  private readonly states = new Map<string, RouterState>()
  private own: SourcePortsFact | undefined
  private peer: readonly Translation[] | undefined

  constructor(
    private readonly children: Pick<Children, 'ipvs' | 'sync'>,
    private readonly routers: () => readonly VirtualRouterConfig[],
  ) {}

  roleChanged(router: string, state: RouterState): void {
    this.states.set(router, state)
    this.tellRoles()
  }

  ipvsReady(): void {
    if (this.states.size > 0) this.tellRoles()
    if (this.peer) this.children.ipvs.send({ type: 'peerSourcePorts', translations: this.peer })
  }

  syncReady(): void {
    if (this.own) this.children.sync?.send(this.own)
  }

  sourcePorts(fact: SourcePortsFact): void {
    this.own = fact
    this.children.sync?.send(fact)
  }

  peerSourcePorts(translations: readonly Translation[]): void {
    this.peer = translations
    this.children.ipvs.send({ type: 'peerSourcePorts', translations })
  }

  connectionsArrived(): void {
    this.children.ipvs.send({ type: 'connectionsArrived' })
  }

  /** One that is only starting may yet find that it holds its addresses. */
  private tellRoles(): void {
    const held = (wanted: (state: RouterState) => boolean) =>
      this.routers()
        .filter(({ name }) => wanted(this.states.get(name) ?? 'initialize'))
        .flatMap(({ addresses }) => addresses.map(({ address }) => address))
    const active = held((state) => state === 'active')
    const standby = held((state) => state !== 'active' && state !== 'initialize')
    this.children.ipvs.send({ type: 'addressRoles', roles: { active, standby } })
  }
}
