/** Who an advertisement is for: of the routers that would all answer to one, the first. */
import { fail, type Result } from '../base/result.js'
import { familyOf, type VirtualRouterConfig } from '../config/model.js'
import type { Attachment } from './attachment.js'

/** One look at the interfaces: `vipair check` does not know which interface one that is not named will be. */
export class Vrids {
  private readonly holders = new Map<string, string>()

  /** What it was given, or why this router may not take part. */
  claim(
    config: Pick<VirtualRouterConfig, 'name' | 'vrid' | 'transport' | 'addresses'>,
    attached: Result<Attachment, string> | undefined,
  ): Result<Attachment, string> | undefined {
    if (!attached?.ok) return attached
    const { name, vrid, transport } = config
    const where = transport === 'udp' ? 'over udp' : `on ${attached.value.via.name}`
    const key = `${where} ${familyOf(config)} ${vrid}`
    const holder = this.holders.get(key)
    if (holder !== undefined) return fail(`vrid ${vrid} ${where} is that of ${holder}: give it another`)
    this.holders.set(key, name)
    return attached
  }
}
