/** Macvlan interfaces through rtnetlink. */
import type { Clock, MacvlanSpec, Macvlans, NetlinkRequest } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { millis } from '../base/units.js'
import { NetlinkCommands } from './netlink-command.js'
import type { Reactor } from './reactor.js'
import { deleteLink, NETLINK_ROUTE, newMacvlan, setLinkAlias, setLinkUp } from './rtnetlink.js'

const timeout = millis(2000)

type Done = (error: Error | undefined) => void

export class KernelMacvlans implements Macvlans {
  private readonly commands: NetlinkCommands

  /** Throws `OpError`. */
  constructor(reactor: Reactor, clock: Clock) {
    this.commands = new NetlinkCommands(reactor, clock, NETLINK_ROUTE, timeout)
  }

  create(spec: MacvlanSpec, done: Done): void {
    this.submit(newMacvlan(spec), 'create', spec.name, done)
  }

  setAlias(name: string, alias: string, done: Done): void {
    this.submit(setLinkAlias(name, alias), 'name', name, done)
  }

  setUp(index: number, up: boolean, done: Done): void {
    this.submit(setLinkUp(index, up), up ? 'raise' : 'lower', `interface ${index}`, done)
  }

  remove(index: number, done: Done): void {
    this.submit(deleteLink(index), 'remove', `interface ${index}`, done, 'ENODEV')
  }

  close(): void {
    this.commands.close()
  }

  private submit(request: NetlinkRequest, op: string, subject: string, done: Done, asGood?: string): void {
    this.commands.submit(request, (code) => {
      done(code === 'OK' || code === asGood ? undefined : new OpError(op, subject, code))
    })
  }
}
