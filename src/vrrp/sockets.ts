/** The open sockets below UDP: of each interface one for whole frames, of each family on it one for protocol 112. */
import type { IpAddress } from '../base/ip.js'
import type { InterfaceState, PacketSocket, RawPacket, RawSocket, RawSocketOptions } from '../base/ports.js'
import type { VirtualRouterConfig } from '../config/model.js'
import { type Attachment, senderOf } from './attachment.js'
import { interfaceOf } from './holdings.js'
import { vrrpProtocol } from './packet.js'
import { vrrpGroupOf } from './receive.js'

type Family = IpAddress['family']

export interface SocketPorts {
  /** Both throw `OpError`. */
  readonly openRaw: (options: RawSocketOptions) => RawSocket
  readonly openPacket: (interfaceName: string) => PacketSocket
}

interface Frames {
  readonly index: number
  readonly socket: PacketSocket
}

interface Raw {
  readonly index: number
  readonly joined: boolean
  readonly socket: RawSocket
}

export class Sockets {
  private readonly frames = new Map<string, Frames>()
  private readonly raws = new Map<string, Raw>()

  constructor(
    private readonly ports: SocketPorts,
    private readonly onPacket: (interfaceName: string, packet: RawPacket) => void,
    private readonly onMalformed: () => void,
    private readonly onError: (error: Error) => void,
  ) {}

  /** Undefined when the router's sockets are open; otherwise why not. Routers of one interface share them. */
  open(
    { transport, addresses }: Pick<VirtualRouterConfig, 'transport' | 'addresses'>,
    attachment: Attachment,
  ): string | undefined {
    try {
      this.openFrames(attachment.interface)
      for (const { interface: name } of addresses) {
        const other = interfaceOf(attachment, name)
        if (other) this.openFrames(other)
      }
      const sender = senderOf(attachment, transport)
      if (transport !== 'udp') this.openRaw(attachment, transport === 'multicast')
      if (sender !== attachment.via) this.openSending(sender, attachment.source)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  /** Undefined when it is not open. */
  framesOf(interfaceName: string): PacketSocket | undefined {
    return this.frames.get(interfaceName)?.socket
  }

  /** Undefined when it is not open. */
  rawOf(interfaceName: string, family: Family): RawSocket | undefined {
    return this.raws.get(keyOf(interfaceName, family))?.socket
  }

  /** Throws `OpError`. */
  openFrames({ name, index }: InterfaceState): PacketSocket {
    const open = this.frames.get(name)
    if (open?.index === index) return open.socket
    open?.socket.close()
    this.frames.delete(name)
    const socket = this.ports.openPacket(name)
    this.frames.set(name, { index, socket })
    return socket
  }

  /** The interface is gone. */
  forget(interfaceName: string): void {
    this.frames.get(interfaceName)?.socket.close()
    this.frames.delete(interfaceName)
    for (const family of [4, 6] as const) {
      const key = keyOf(interfaceName, family)
      this.raws.get(key)?.socket.close()
      this.raws.delete(key)
    }
  }

  close(): void {
    for (const { socket } of [...this.frames.values(), ...this.raws.values()]) socket.close()
    this.frames.clear()
    this.raws.clear()
  }

  private openRaw({ via: { name, index }, source }: Attachment, multicast: boolean): void {
    const { family } = source
    const key = keyOf(name, family)
    const open = this.raws.get(key)
    if (open?.index === index && (open.joined || !multicast)) return
    const joined = multicast || (open?.joined ?? false)
    open?.socket.close()
    this.raws.delete(key)
    const socket = this.ports.openRaw({
      ...this.optionsOf(name, source),
      ...(joined ? { group: vrrpGroupOf(family) } : {}),
    })
    this.raws.set(key, { index, joined, socket })
  }

  private openSending({ name, index }: InterfaceState, source: IpAddress): void {
    const key = keyOf(name, source.family)
    const open = this.raws.get(key)
    if (open?.index === index) return
    open?.socket.close()
    this.raws.delete(key)
    const socket = this.ports.openRaw({ ...this.optionsOf(name, source), sendOnly: true })
    this.raws.set(key, { index, joined: false, socket })
  }

  private optionsOf(interfaceName: string, source: IpAddress): RawSocketOptions {
    return {
      interfaceName,
      source,
      protocol: vrrpProtocol,
      onPacket: (packet) => this.onPacket(interfaceName, packet),
      onMalformed: this.onMalformed,
      onError: this.onError,
    }
  }
}

const keyOf = (interfaceName: string, family: Family): string => `${interfaceName} ${family}`
