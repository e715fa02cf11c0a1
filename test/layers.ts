/** The layer rule: which room of `src/` may import what. Shared by the check and by its test. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SourceFile {
  /** Below `src/`: `vrrp/machine.ts`. */
  readonly path: string
  readonly text: string
}

/** Rooms that each room may import, besides itself. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  base: [],
  config: ['base'],
  pair: ['base'],
  vrrp: ['base', 'config', 'pair'],
  sync: ['base', 'config', 'pair'],
  healthcheck: ['base', 'config'],
  programs: ['base', 'config'],
  hooks: ['base', 'config'],
  ipvs: ['base', 'config'],
  platform: ['base'],
  daemon: ['base', 'config', 'pair', 'vrrp', 'sync', 'healthcheck', 'ipvs', 'programs', 'hooks', 'platform'],
  // The pair room for the format of key files.
  cli: ['base', 'config', 'pair'],
}

/** Packages, and the only folders that may import each. */
const packages: Readonly<Record<string, readonly string[]>> = {
  koffi: ['platform/'],
  netlink: ['platform/'],
  winston: ['platform/'],
  got: ['healthcheck/checkers/', 'hooks/client.ts'],
  'http2-wrapper': ['healthcheck/checkers/'],
  toml: ['config/'],
  commander: ['cli/'],
}

/** Node's own modules that the otherwise pure rooms may use, and where. */
const builtins: readonly { readonly name: string; readonly in: RegExp }[] = [
  { name: 'node:crypto', in: /^(config|pair)\/|^vrrp\/abridged\.ts$/ },
  { name: 'node:fs', in: /^config\/(load|script-file|pem-file)\.ts$/ },
  { name: 'node:path', in: /^config\/script-file\.ts$/ },
]

/** The program's front door starts the daemon; every other command talks to it. */
const frontDoor = 'cli/main.ts'
const outside = /^(platform|daemon|cli)\//
/** Where a feature may await and hold a timer or a socket. */
const edge = /(^|\/)(runtime|client|link)\.ts$|\/checkers\//
/** Clocks, chance and the network count too: what a pure file computes, it computes again. */
const waiting =
  /\b(?:await|setTimeout|setInterval|setImmediate|fetch(?=\()|Date\.now|performance\.now|Math\.random)\b|\bnew Date\(\)/g
const imports = /(?<![-'])\b(?:from|import)\s*\(?\s*'([^']+)'/g

/** Every breach, as `file: what`. */
export function breaches(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    const found = [...code.matchAll(imports)].flatMap(([, name = '']) => importBreach(path, name) ?? [])
    if (outside.test(path) || edge.test(path) || path === 'config/load.ts') return found
    const waits = new Set([...code.matchAll(waiting)].map(([word]) => word))
    return [...found, ...[...waits].map((word) => `${path}: ${word} in a pure file`)]
  })
}

function importBreach(path: string, name: string): string | undefined {
  const room = path.split('/')[0] ?? ''
  const allowed = rooms[room]
  if (!allowed) return `${path}: ${room} is no known room`
  if (name.startsWith('.')) {
    const target = new URL(name, `file:///${path}`).pathname.split('/')[1] ?? ''
    const opens = path === frontDoor && target === 'daemon'
    return target === room || opens || allowed.includes(target)
      ? undefined
      : `${path}: ${room} imports ${target}`
  }
  if (name.startsWith('node:')) {
    const listed = builtins.some((each) => `${name}/`.startsWith(`${each.name}/`) && each.in.test(path))
    const free = outside.test(path) || (room !== 'base' && room !== 'config' && edge.test(path))
    return listed || free ? undefined : `${path}: ${name} in a pure file`
  }
  const owners = packages[name.split('/')[0] ?? '']
  if (owners === undefined) return `${path}: ${name} is no known package`
  const owned = owners.some((owner) => path.startsWith(owner))
  return owned ? undefined : `${path}: only ${owners.join(' and ')} imports ${name}`
}

export function readSources(root: string): SourceFile[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }))
}
