/**
 * The interfaces with virtual MAC addresses of this director's routers: made and removed as the routers come
 * and go, up only while the router is Active. Down, such an interface neither takes nor answers anything sent
 * to the virtual MAC address, which two machines have (RFC 9568 section 6.4.2).
 */
import type { InterfaceState, Sysctl } from '../../base/ports.js'
import { fail, ok, type Result } from '../../base/result.js'
import { familyOf } from '../../config/model.js'
import { type VirtualMacRouter, virtualInterfaceName, virtualMac } from './identity.js'
import { formatMark, markOf, parentOf } from './mark.js'
import { planInterface, unwanted } from './plan.js'
import { removeInterfaces, type VirtualMacPorts } from './remove.js'
import { prepareMacvlan, prepareParent, readParent } from './settings.js'

type Interfaces = readonly InterfaceState[]

export class VirtualMacs {
  /** By name, until the kernel's verdict. */
  private readonly creating = new Set<string>()
  /** By name: why it was refused, until somebody has been told. */
  private readonly refused = new Map<string, string>()
  /** Indexes of those whose settings are made. */
  private readonly prepared = new Set<number>()
  private readonly raised = new Set<number>()
  private latest: Interfaces = []

  constructor(
    private readonly ports: VirtualMacPorts | undefined,
    private readonly warn: (text: string) => void,
    /** The interfaces should be read again. */
    private readonly onChanged: () => void,
  ) {}

  /** Undefined: it is being made, and the interfaces will be read again. */
  attach(
    router: VirtualMacRouter,
    parent: InterfaceState,
    interfaces: Interfaces,
  ): Result<InterfaceState, string> | undefined {
    if (!this.ports) return fail('no virtual MAC addresses here')
    const plan = planInterface(router, parent, interfaces)
    switch (plan.do) {
      case 'refuse':
        return fail(plan.reason)
      case 'remove':
        this.remove([plan.interface], interfaces)
        return undefined
      case 'create':
        return this.create(this.ports, router, parent, interfaces)
      case 'use':
        return this.use(this.ports, router, parent, plan.interface, interfaces)
    }
  }

  /** Removes what no router of these has a use for. */
  sweep(routers: readonly VirtualMacRouter[], interfaces: Interfaces): readonly InterfaceState[] {
    this.latest = interfaces
    const gone = unwanted(routers, interfaces)
    this.remove(gone, interfaces)
    return gone
  }

  /** Up in the kernel when it returns. */
  raise({ index }: InterfaceState, done: (error: Error | undefined) => void): void {
    this.raised.add(index)
    this.ports?.macvlans.setUp(index, true, done)
  }

  isRaised({ index }: InterfaceState): boolean {
    return this.raised.has(index)
  }

  lower({ index }: InterfaceState, done: (error: Error | undefined) => void): void {
    this.raised.delete(index)
    this.ports?.macvlans.setUp(index, false, done)
  }

  /** At the end. `done` for each. */
  removeAll(begun: () => void, done: () => void): void {
    const gone = this.latest.filter(markOf)
    for (const _ of gone) begun()
    this.remove(gone, this.latest, done)
  }

  private remove(gone: Interfaces, all: Interfaces, done: () => void = () => {}): void {
    if (!this.ports || gone.length === 0) return
    for (const { index } of gone) this.prepared.delete(index)
    const problems = removeInterfaces(this.ports, gone, all, ({ name }, error) => {
      if (error) this.warn(`remove ${name}: ${error.message}`)
      done()
    })
    for (const problem of problems) this.warn(problem)
  }

  private create(
    { macvlans, sysctl }: VirtualMacPorts,
    router: VirtualMacRouter,
    parent: InterfaceState,
    interfaces: Interfaces,
  ): Result<InterfaceState, string> | undefined {
    const name = virtualInterfaceName(router)
    const reason = this.refused.get(name)
    if (reason !== undefined) {
      this.refused.delete(name)
      return fail(reason)
    }
    if (this.creating.has(name)) return undefined
    this.creating.add(name)
    const ended = (error: Error | undefined): void => {
      this.creating.delete(name)
      if (error) this.refused.set(name, `${error.message} on ${parent.name}`)
      this.onChanged()
    }
    try {
      const mark = this.mark(sysctl, router, parent, interfaces)
      macvlans.create({ name, parentIndex: parent.index, mac: virtualMac(router) }, (error) => {
        if (error) ended(error)
      })
      macvlans.setAlias(name, mark, (error) => {
        if (this.creating.has(name)) ended(error)
      })
    } catch (error) {
      this.creating.delete(name)
      return fail(textOf(error))
    }
    return undefined
  }

  /** Also one that a predecessor has left, or that somebody made for us. */
  private use(
    { macvlans, sysctl }: VirtualMacPorts,
    router: VirtualMacRouter,
    parent: InterfaceState,
    found: InterfaceState,
    interfaces: Interfaces,
  ): Result<InterfaceState, string> {
    if (this.prepared.has(found.index)) return ok(found)
    try {
      if (!markOf(found)) {
        macvlans.setAlias(found.name, this.mark(sysctl, router, parent, interfaces), (error) => {
          if (error) this.warn(error.message)
        })
      }
      prepareMacvlan(sysctl, found.name, familyOf(router))
      if (familyOf(router) === 4) prepareParent(sysctl, parent.name)
    } catch (error) {
      return fail(textOf(error))
    }
    this.prepared.add(found.index)
    return ok(found)
  }

  /** The first one on a parent has seen it as it was. Throws `OpError`. */
  private mark(
    sysctl: Sysctl,
    { name: router }: VirtualMacRouter,
    { name: parent }: InterfaceState,
    interfaces: Interfaces,
  ): string {
    const sibling = interfaces.find((one) => parentOf(one, interfaces) === parent)
    const had = sibling && markOf(sibling)?.had
    return formatMark({ router, parent, had: had ?? readParent(sysctl, parent) })
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
