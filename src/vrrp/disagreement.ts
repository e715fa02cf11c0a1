/**
 * What somebody else's advertisements say against this director's file: in words, with what is to be done.
 * A clash of vrids and two files that differ look alike on the wire; who the speaker is tells them apart. Pure.
 */
import { equalIp, formatIp, type IpAddress, sameAddresses } from '../base/ip.js'
import type { Millis } from '../base/units.js'
import type { DirectorConfig, VirtualRouterConfig } from '../config/model.js'
import type { Advertisement } from './packet.js'
import type { DiscardReason } from './receive.js'

/** Who speaks for a vrid of ours. */
export interface Speaker {
  readonly name: string
  /** `unknown`: the peer may have this address (another interface than the directors', link-local), or not. */
  readonly who: 'peer' | 'stranger' | 'unknown'
}

export interface Disagreement {
  /** One of a closed set, with who speaks: of each kind one is shown at a time. */
  readonly kind: string
  /** One line: what it is, and what is to be done. Made when asked for: a flood has many and shows few. */
  text(): string
  /** It is about another virtual router: nobody's advertisement for ours. */
  readonly foreign?: true
}

interface Here {
  readonly director: DirectorConfig
  readonly peer: DirectorConfig | undefined
  /** What our own advertisements come from. */
  readonly source: IpAddress | undefined
}

type Router = Pick<
  VirtualRouterConfig,
  'vrid' | 'version' | 'transport' | 'password' | 'advertisementInterval'
> & {
  readonly advertised: readonly IpAddress[]
}

const addressesOf = ({ address, addresses }: DirectorConfig): readonly IpAddress[] => [address, ...addresses]
const has = (list: readonly IpAddress[], address: IpAddress | undefined): boolean =>
  address !== undefined && list.some((each) => equalIp(each, address))

/** Where we speak from an address of the file, so does the peer: whoever has another one is a stranger. */
export function speakerOf(source: IpAddress, { director, peer, source: own }: Here): Speaker {
  if (peer && has(addressesOf(peer), source)) return { name: peer.name, who: 'peer' }
  const sure = peer !== undefined && has(addressesOf(director), own)
  return {
    get name() {
      return formatIp(source)
    },
    who: sure ? 'stranger' : 'unknown',
  }
}

const clashKind = 'clash'
const sameFile = 'give both directors the same file and reload them'

/** Of an advertisement that is believed. */
export function disagreementsWith(
  advertisement: Pick<Advertisement, 'interval' | 'addresses' | 'unlisted'>,
  speaker: Speaker,
  router: Router,
): readonly Disagreement[] {
  const { who } = speaker
  const { addresses, interval, unlisted = 0 } = advertisement
  const { advertised, vrid, advertisementInterval } = router
  const shared = addresses.some((address) => has(advertised, address))
  if (who === 'stranger' || (who === 'unknown' && !shared)) {
    const found = clash(speaker, vrid, shared, addresses)
    // Who is only unknown may be the peer with a wrong file: not to hear it would make two Actives.
    return [who === 'stranger' && !shared ? { ...found, foreign: true } : found]
  }
  const found: Disagreement[] = []
  if (interval !== advertisementInterval)
    found.push({
      kind: `interval ${who}`,
      text: () =>
        `${speaker.name} advertises every ${interval} ms, this director every ${advertisementInterval} ms: ${sameFile}`,
    })
  if (unlisted > 0 || !sameAddresses(advertised, addresses))
    found.push({
      kind: `addresses ${who}`,
      text: () =>
        `${speaker.name} advertises other addresses (${listed(addresses, unlisted)}) than this director (${listed(advertised)}): ${sameFile}`,
    })
  return found
}

/** Kinds that this speaker's advertisement makes an end of: it was found to disagree in `found` only. */
export function settledBy({ who }: Speaker, found: readonly Disagreement[]): readonly string[] {
  const kinds = new Set(found.map(({ kind }) => kind))
  // A stranger's says nothing about the peer's.
  if (kinds.has(clashKind)) return []
  return [`interval ${who}`, `addresses ${who}`].filter((kind) => !kinds.has(kind))
}

/** Of one that was thrown away; undefined: nothing that a person could mend. */
export function disagreementIn(
  reason: DiscardReason,
  speaker: Speaker,
  router: Router,
  theirVersion: number,
): Disagreement | undefined {
  const { who } = speaker
  const { vrid, version } = router
  const of = (text: () => string): Disagreement => ({ kind: `${reason} ${who}`, text })
  switch (reason) {
    case 'own_address':
      return of(() => `somebody else uses this director's own address ${speaker.name}: give it another`)
    case 'ttl':
      return of(
        () =>
          `advertisements from ${speaker.name} come through a router or are forged (TTL below 255) and are dropped: find out who sends them`,
      )
    case 'checksum':
      return of(
        () =>
          `advertisements from ${speaker.name} have a wrong checksum and are dropped: look for damage on the way, or for another kind of VRRP`,
      )
    case 'version':
      if (who === 'stranger') return clash(speaker, vrid, undefined, [], theirVersion)
      return of(
        () =>
          `${speaker.name} speaks VRRP version ${theirVersion}, this router version ${version}, so that neither hears the other: set the same version on both`,
      )
    case 'auth_type':
    case 'auth_data':
      if (who === 'stranger') return clash(speaker, vrid)
      return of(
        () =>
          `${speaker.name} advertises with another password than this director, or without one, and is not believed: set the same password on both`,
      )
    case 'interval_mismatch':
      if (who === 'stranger') return clash(speaker, vrid)
      return of(
        () =>
          `${speaker.name} advertises at another interval than this director's ${router.advertisementInterval} ms and is not believed, as version 2 demands: ${sameFile}`,
      )
    case 'destination':
      if (who === 'stranger') return clash(speaker, vrid)
      return of(
        () =>
          `${speaker.name} does not send its advertisements by ${router.transport} as this director does: ${sameFile}`,
      )
    case 'unknown_sender':
      return clash(speaker, vrid)
    default:
      return undefined
  }
}

/** Over the pair's link, for a vrid that no router here has. */
export const unknownToUs = (peer: string, vrid: number | undefined): Disagreement => ({
  kind: 'unknown_vrid peer',
  text: () => `${peer} advertises vrid ${vrid ?? 0}, which no virtual router here has: ${sameFile}`,
})

/** The kind of a rivalry with it. */
export const rivalOf = ({ who }: Speaker): string => `rival ${who}`

/** `how`: the peer's way, in words. */
export const otherTransport = (peer: string, how: string, own: string): Disagreement => ({
  kind: 'transport peer',
  text: () =>
    `${peer} advertises ${how}, this director by ${own}, so that neither hears the other: set the same transport on both and reload them`,
})

/** By the peer's word over the pair link; `priority`: its. */
export const twoActives = (peer: string, priority: number): Disagreement => ({
  kind: 'two_actives peer',
  text: () =>
    `two Actives: ${peer} says that it is Active (priority ${priority}) as this director is, and neither hears the other: ${sameFile} (vrid, transport, version and password must agree)`,
})

/** `priority`: the rival's. */
export const rivalry = (speaker: Speaker, priority: number, own: number): Disagreement => ({
  kind: rivalOf(speaker),
  text: () =>
    `${speaker.name} goes on advertising as Active (priority ${priority}) although this director is and has said so (priority ${own}): it does not hear us; check firewall and cabling from here to it`,
})

/** RFC 9568 section 8.3.2: one owner a link. */
export const secondOwner = (speaker: Speaker): Disagreement => ({
  kind: `owner ${speaker.who}`,
  text: () =>
    `${speaker.name} advertises priority 255 as this director does, and only one can own the addresses: give one of the two less`,
})

/** `shared` undefined: its addresses are not known. */
function clash(
  speaker: Speaker,
  vrid: number,
  shared?: boolean,
  addresses: readonly IpAddress[] = [],
  version?: number,
): Disagreement {
  const text = (): string => {
    const about = addresses.length > 0 ? ` with ${shared ? 'our own' : 'other'} addresses` : ''
    const which = addresses.length > 0 && !shared ? ` (${listed(addresses)})` : ''
    const how = version === undefined ? '' : ` in version ${version}`
    return `${speaker.name} is no director of this pair and advertises vrid ${vrid}${how}${about}${which}: stop it, or give one of the two another vrid`
  }
  return { kind: clashKind, text }
}

const mostListed = 3

function listed(addresses: readonly IpAddress[], unlisted = 0): string {
  const shown = addresses.slice(0, mostListed).map(formatIp).join(', ')
  const more = addresses.length + unlisted - mostListed
  return more > 0 ? `${shown} and ${more} more` : shown
}

/** How long after it was last heard a disagreement counts as one: a few of the speaker's advertisements. */
export const shownFor = (interval: Millis): number => Math.max(5_000, 3 * interval)
