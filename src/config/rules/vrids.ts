/** Rules about virtual router identifiers: which router an advertisement is for. */
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>
/** The first of each kind. */
type Heard = { named?: number; unnamed?: number }

const another = { expected: 'another vrid' }

export function checkVrids(file: FileDraft, report: Report): void {
  const here = new Unique(report, 'two virtual routers of one VRID and one family on one interface')
  // What comes from the peer names no interface.
  const told = {
    udp: new Unique(report, 'two virtual routers of one VRID and one family over udp', another),
    unicast: new Unique(report, 'two virtual routers of one VRID and one family over unicast', another),
  }
  const heard = new Map<string, Heard>()
  for (const [i, router] of (file.virtual_router ?? []).entries()) {
    if (router?.vrid === undefined) continue
    const path: Path = ['virtual_router', i, 'vrid']
    const { transport } = router
    const key = `${familyOf(router)} ${router.vrid}`
    if (!here.claim(`${router.interface ?? ''} ${key}`, path)) continue
    if ((transport === 'udp' || transport === 'unicast') && !told[transport].claim(key, path)) continue
    if (transport !== 'multicast' && transport !== 'unicast') continue
    // Unicast comes in where the director's own address is, as multicast does where no interface is named.
    const named = transport === 'multicast' && router.interface !== undefined
    const others = heard.get(key) ?? {}
    const first = others.unnamed ?? (named ? undefined : others.named)
    if (first !== undefined)
      report.warning(path, `the VRID of virtual_router[${first}], perhaps on one interface`, {
        expected:
          "another vrid, unless the directors' own addresses are on another interface than the other's",
      })
    others[named ? 'named' : 'unnamed'] ??= i
    heard.set(key, others)
  }
}

const familyOf = ({ addresses }: RouterDraft): number =>
  addresses?.find((prefix) => prefix !== undefined)?.address.family ?? 4
