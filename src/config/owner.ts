/** The address owner (RFC 9568 section 1.7): the director whose interface has the virtual address for good. */
import { equalIp, type IpAddress } from '../base/ip.js'

interface Owner {
  readonly address?: IpAddress | undefined
  readonly addresses?: readonly (IpAddress | undefined)[] | undefined
}

/** Of a virtual address that stands in the file as a director's own: which director that is; -1 none. */
export const ownerOf = (address: IpAddress, directors: readonly (Owner | undefined)[]): number =>
  directors.findIndex((director) =>
    [director?.address, ...(director?.addresses ?? [])].some((own) => own && equalIp(own, address)),
  )
