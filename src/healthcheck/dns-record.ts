/** The data of a DNS record as a zone file has it (RFC 1035 section 3.3, RFC 2782, RFC 3596). */
import { Reader } from '../base/bytes.js'
import { formatIp, ipFromBytes } from '../base/ip.js'
import type { DnsRecord } from '../config/tables/checks/dns.js'
import { readName } from './dns-name.js'

/** Undefined where the data does not fit its type to the byte. Names may point back into the message. */
export function recordText(
  record: DnsRecord,
  message: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  const data = new Reader(message.subarray(start, end))
  const words: (string | number | undefined)[] = []
  const name = (): void => {
    const found = readName(message, start + data.offset)
    data.skip(found ? found.end - start - data.offset : -1)
    words.push(found?.name)
  }
  switch (record) {
    case 'A':
      words.push(address(data.take(4)))
      break
    case 'AAAA':
      words.push(address(data.take(16)))
      break
    case 'CNAME':
    case 'NS':
    case 'PTR':
      name()
      break
    case 'MX':
      words.push(data.u16be())
      name()
      break
    case 'SRV':
      words.push(data.u16be(), data.u16be(), data.u16be())
      name()
      break
    case 'SOA':
      name()
      name()
      words.push(data.u32be(), data.u32be(), data.u32be(), data.u32be(), data.u32be())
      break
    case 'TXT':
      while (data.remaining > 0 && !data.failed) words.push(quoted(data.take(data.u8())))
      break
  }
  return data.failed || data.remaining > 0 ? undefined : words.join(' ')
}

function address(bytes: Uint8Array): string | undefined {
  const found = ipFromBytes(bytes)
  return found && formatIp(found)
}

/** Text that people can write stands as it is; quotes and the rest are escaped. */
function quoted(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    if (character === '"' || character === '\\') text += `\\${character}`
    else text += byte >= 0x20 && byte < 0x7f ? character : `\\${String(byte).padStart(3, '0')}`
  }
  return `"${text}"`
}
