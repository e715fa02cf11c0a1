/**
 * A cpio archive in the kernel's `newc` form (Documentation/driver-api/early-userspace/buffer-format.rst):
 * per entry a header of 13 fields of eight hexadecimal digits, the name, the content, each padded to 4 bytes.
 */
export interface ArchiveEntry {
  readonly path: string
  /** Undefined: a folder. */
  readonly content?: Uint8Array
}

const regularFile = 0o100755
const folder = 0o040755

const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4)

function encodeEntry({ path, content }: ArchiveEntry, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`)
  const body = content ?? new Uint8Array()
  const mode = content === undefined ? folder : regularFile
  // inode, mode, uid, gid, links, time, size, four device numbers, length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length, 0]
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`)
  return Buffer.concat([header, name, padding(header.length + name.length), body, padding(body.length)])
}

/** The whole archive; folders must come before what is in them. */
export function encodeArchive(entries: readonly ArchiveEntry[]): Buffer {
  const all = [...entries, { path: 'TRAILER!!!', content: new Uint8Array() }]
  return Buffer.concat(all.map((entry, index) => encodeEntry(entry, index + 1)))
}
