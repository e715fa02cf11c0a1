/** A valid file of 16 lines that the cases change. */
export const baseFile = `[[director]]
name = "lb1"
address = "10.0.0.11"
[[director]]
name = "lb2"
address = "10.0.0.12"
[pair]
key_file = "/etc/vipair/pair.key"
[[virtual_router]]
name = "front"
vrid = 51
addresses = ["10.0.0.100/24"]
[[virtual_service]]
name = "web"
address = "10.0.0.100:80"
real_servers = ["10.0.0.21:80", "10.0.0.22:80"]
`

/** The base file with one piece replaced; the piece must be there. */
export function changed(from: string, to: string): string {
  if (!baseFile.includes(from)) throw new Error(`the base file has no ${from}`)
  return baseFile.replace(from, () => to)
}

/** The base file with lines after one of its lines, counted from 1. */
export function inserted(line: number, ...added: readonly string[]): string {
  return baseFile
    .split('\n')
    .toSpliced(line, 0, ...added)
    .join('\n')
}
