/** What the table needs around it: kernel settings, and the nf_tables tables of full NAT. */
import type { Log, Nft, Sysctl } from '../../base/ports.js'
import { OpError } from '../../base/result.js'
import type { VirtualServiceConfig } from '../../config/model.js'
import { replaceTable, type TableFamily, tableFamilies, tableName, wantedTable } from '../full-nat/ruleset.js'
import { type FullNatTarget, fullNatTargets } from '../full-nat/targets.js'
import { type SettingNeeds, wantedSysctls } from '../kernel-settings.js'
import { type Kept, SysctlKeeper, type SysctlMemory } from '../sysctl-keeper.js'

export interface SurroundingsPorts {
  readonly sysctl: Sysctl
  readonly sysctlMemory: SysctlMemory
  readonly nft: Nft
  readonly log: Log
}

interface Stands {
  readonly wanted: string
  /** As nft printed it right after: another version of nft may have its own way to print. */
  readonly listing: string
}

export class Surroundings {
  private readonly keeper: SysctlKeeper
  private readonly tables = new Map<TableFamily, Stands>()
  /** What an earlier run left is looked for once. */
  private readonly looked = new Set<TableFamily>()
  /** In words that are told once. */
  private drifted = false
  private clearing: Promise<void> = Promise.resolve()

  constructor(private readonly ports: SurroundingsPorts) {
    this.keeper = new SysctlKeeper(ports.sysctl, ports.sysctlMemory, ports.log)
  }

  /** Everything that must be there before the table; what is so already is not touched. */
  async prepare(
    services: readonly VirtualServiceConfig[],
    needs: Pick<SettingNeeds, 'syncing' | 'user'>,
  ): Promise<Kept> {
    await this.clearing
    const targets = fullNatTargets(services)
    const failures: OpError[] = []
    const drift: string[] = []
    // The tables first: with tracking on and no rule, connections would begin untranslated.
    for (const family of tableFamilies) {
      try {
        if (await this.keepTable(family, targets)) drift.push(`nft table ${family} ${tableName}`)
      } catch (error) {
        if (!(error instanceof OpError)) throw error
        failures.push(error)
      }
    }
    const { sysctl } = this.ports
    const all = { ...needs, ...needsOf(services), fullNat: targets.length > 0 }
    const wanted = wantedSysctls(
      all,
      (folder) => sysctl.list(folder),
      (name) => sysctl.read(name),
    )
    // Without services nothing is balanced, and the machine gets back what was its own.
    const kept = this.keeper.keep(services.length === 0 ? [] : wanted)
    return { failures: [...failures, ...kept.failures], drift: [...drift, ...kept.drift] }
  }

  /** Removes what an earlier run left and no service needs. Not in the way of what some do: it can wait. */
  clear(): void {
    this.clearing = this.clearing.then(async () => {
      for (const family of tableFamilies) if (!this.tables.has(family)) await this.removeTable(family, false)
    })
  }

  /** As it was found, once nothing is balanced any more. */
  async restore(): Promise<void> {
    await this.clearing
    this.keeper.restore()
    for (const family of this.tables.keys()) {
      try {
        await this.ports.nft.apply(replaceTable(family, undefined))
        this.ports.log.info(`nft table ${family} ${tableName}: removed`)
      } catch (error) {
        if (!(error instanceof OpError)) throw error
        this.ports.log.warn(`nft table ${family} ${tableName} stays: ${error.message}`)
      }
    }
    this.tables.clear()
  }

  /** True when somebody else had changed it. */
  private async keepTable(family: TableFamily, targets: readonly FullNatTarget[]): Promise<boolean> {
    const { nft, log } = this.ports
    const wanted = wantedTable(family, targets)
    const before = this.tables.get(family)
    if (wanted === undefined) {
      if (before !== undefined) await this.removeTable(family, true)
      return false
    }
    this.looked.add(family)
    const found = await nft.list(family, tableName)
    const stands = before?.wanted === wanted
    if (found === wanted || (stands && found === before.listing)) {
      this.tables.set(family, { wanted, listing: found })
      return false
    }
    await nft.apply(replaceTable(family, wanted))
    const listing = (await nft.list(family, tableName)) ?? ''
    this.tables.set(family, { wanted, listing })
    if (!stands) {
      log.info(`nft table ${family} ${tableName}: ${found === undefined ? 'made' : 'changed'} for full NAT`)
      return false
    }
    const told = this.drifted
    this.drifted = true
    const text = `nft table ${family} ${tableName}: somebody had ${found === undefined ? 'removed' : 'changed'} it; it is as it must be again`
    if (told) log.debug(text)
    else log.warn(text)
    return !told
  }

  private async removeTable(family: TableFamily, ours: boolean): Promise<void> {
    const { nft, log } = this.ports
    if (!ours && this.looked.has(family)) return
    this.looked.add(family)
    try {
      if (!ours && (await nft.list(family, tableName)) === undefined) return
      await nft.apply(replaceTable(family, undefined))
      this.tables.delete(family)
      log.info(`nft table ${family} ${tableName}: removed, no service needs it`)
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      // Without nft, or on a kernel without such tables, there is none to remove.
      if (ours) throw error
    }
  }
}

function needsOf(
  services: readonly VirtualServiceConfig[],
): Pick<SettingNeeds, 'persistence' | 'translated'> {
  const translated = services.flatMap(({ realServers }) =>
    realServers
      .filter(({ forwarding }) => forwarding === 'nat' || forwarding === 'full_nat')
      .map(({ endpoint }) => endpoint.address.family),
  )
  const persistence = services.some((service) => service.persistence !== undefined)
  return { persistence, translated: new Set(translated) }
}
