/** `vipair status`: what is wrong first, then who is Active and why, then every service. Fits 80 columns. */
import type {
  DirectorStatus,
  DrainStatus,
  PeerStatus,
  RealServerStatus,
  VirtualRouterStatus,
  VirtualServiceStatus,
} from '../base/status.js'
import { type Palette, paletteOf } from './palette.js'

export interface Style {
  readonly width: number
  readonly color: boolean
}

/** Seconds: the peer confirms what it sees each second. */
const oldView = 5

/** The lines a person reads; pure. */
export function renderStatus(status: DirectorStatus, style: Style): string[] {
  const palette = paletteOf(style.color)
  return [
    palette.strong(`${status.director}`) +
      palette.dim(
        `  vipair ${status.version}, up ${formatAge(status.uptimeSeconds)}, config ${status.configHash}`,
      ),
    ...warnings(status).flatMap((warning) => wrap(`! ${warning}`, style.width, '  ').map(palette.bad)),
    ...(status.peer ? [peerLine(status.peer, palette)] : [palette.dim('no peer configured')]),
    ...status.virtualRouters.flatMap((router) => ['', ...routerLines(router, palette, style.width)]),
    ...status.virtualServices.flatMap((service) => [
      '',
      ...serviceLines(service, status.peer, palette, style.width),
    ]),
    '',
    ...syncLines(status, palette, style.width),
  ]
}

function warnings(status: DirectorStatus): string[] {
  const processes = status.processes
    .filter((process) => process.state !== 'running')
    .map((process) => `process ${process.name} is not running (${process.restarts} restarts)`)
  return [...status.warnings, ...processes]
}

function peerLine(peer: PeerStatus, palette: Palette): string {
  const age = peer.lastSeenSeconds === null ? 'never heard' : `heard ${formatAge(peer.lastSeenSeconds)} ago`
  const key = peer.keyMatches === false ? palette.bad(', its pair key differs') : ''
  const reach = peer.reachable ? palette.good('reachable') : palette.bad('unreachable')
  return `peer ${peer.name} ${reach}, ${age}${key}${viewText(peer, palette)}`
}

/** How old what it says of the servers is, where that is worth a word. */
function viewText({ view }: PeerStatus, palette: Palette): string {
  if (view === null) return ''
  const age = `, its view of the servers ${formatAge(view.ageSeconds)} old`
  return view.ageSeconds < oldView ? palette.dim(age) : palette.bad(age)
}

function routerLines(router: VirtualRouterStatus, palette: Palette, width: number): string[] {
  const paint =
    router.state === 'active' ? palette.good : router.state === 'fault' ? palette.bad : palette.strong
  const priority =
    router.effectivePriority === router.priority
      ? `priority ${router.priority}`
      : `priority ${router.effectivePriority} (configured ${router.priority})`
  const head = `router ${router.name} ${paint(router.state.toUpperCase())} for ${formatAge(router.sinceSeconds)}`
  const about = `vrid ${router.vrid}, ${priority}, on ${router.interface ?? 'no interface'}, active: ${router.active ?? 'nobody'}`
  return [
    head,
    ...wrap(`  ${router.reason}`, width, '  '),
    palette.dim(`  ${about}`),
    ...wrap(`  ${router.addresses.join(' ')}`, width, '  ').map(palette.dim),
  ]
}

function serviceLines(
  service: VirtualServiceStatus,
  peer: PeerStatus | null,
  palette: Palette,
  width: number,
): string[] {
  const healthy = service.realServers.filter((server) => server.health === 'healthy').length
  const all = service.realServers.length
  const paint = healthy === all ? palette.good : healthy === 0 ? palette.bad : palette.strong
  const protocol = service.protocol === 'any' ? '' : `/${service.protocol}`
  const head = `service ${service.name} ${service.address}${protocol} ${service.scheduler} ${service.forwarding} `
  const options = serviceOptions(service)
  const order = [...service.realServers].sort((a, b) => rank(a) - rank(b))
  const nameWidth = Math.max(6, ...order.map((server) => server.name.length))
  const other = peer?.view ? peer.name : undefined
  const beside = other === undefined ? '' : `${other.slice(0, 9).padEnd(9)}  `
  return [
    head + paint(`${healthy} of ${all} healthy`),
    ...(options === '' ? [] : wrap(`  ${options}`, width, '  ').map(palette.dim)),
    ...panicLines(service, palette),
    ...quorumLines(service, palette),
    palette.dim(`  ${'server'.padEnd(nameWidth)}  health     ${beside}weight  active  inactive  since`),
    ...order.flatMap((server) => serverLines(server, service.forwarding, other, nameWidth, palette, width)),
    ...service.draining.map((drain) => palette.dim(drainLine(drain))),
    ...sorryLines(service, palette),
  ]
}

const drainLine = ({ address, activeConnections, inactiveConnections, secondsLeft }: DrainStatus): string =>
  `  ${address} is not in the file and drains: ${activeConnections} active, ${inactiveConnections} inactive, ` +
  `${formatAge(secondsLeft)} left`

/** What an operator asked for, and what takes its time; empty for most. */
function courseOf({
  asked,
  heldSeconds,
  suspect,
  admin,
  adminReason,
  adminDirector,
  effectiveWeight,
  drainSeconds,
  slowStartSeconds,
}: RealServerStatus): string {
  const where = adminDirector === null ? '' : ` at ${adminDirector}`
  const reason = adminReason === null ? '' : ` (${adminReason})`
  const words = admin === 'enabled' ? [] : [`${admin} by the operator${where}${reason}`]
  if (drainSeconds !== null) words.push(`${formatAge(drainSeconds)} left`)
  else if (admin === 'drain' && effectiveWeight === null) words.push('drained')
  if (suspect) words.push('served on: too many failed at once to believe it')
  if (heldSeconds !== null)
    words.push(`held down for changing too often, ${formatAge(heldSeconds)} left if it stays up`)
  if (asked !== null) words.push(`weight ${asked.weight} asked for: ${asked.by}`)
  if (slowStartSeconds !== null)
    words.push(`starts slowly, ${formatAge(slowStartSeconds)} to its full weight`)
  return words.join(', ')
}

/** What is not said by every service: empty for most. */
function serviceOptions({ schedulerFlags, onePacket, persistence }: VirtualServiceStatus): string {
  const words = [...schedulerFlags, ...(onePacket ? ['one packet'] : [])]
  if (persistence !== null) {
    const { seconds, netmask, engine } = persistence
    const by = engine === null ? '' : ` by ${engine}`
    words.push(`persistent for ${formatAge(seconds)} a /${netmask}${by}`)
  }
  return words.join(', ')
}

function panicLines({ panic }: VirtualServiceStatus, palette: Palette): string[] {
  if (panic === null) return []
  const { sinceSeconds, secondsLeft, suspects } = panic
  const then = secondsLeft === null ? '' : `, believed in ${formatAge(secondsLeft)}`
  return [
    palette.bad(
      `  PANIC for ${formatAge(sinceSeconds)}: ${suspects.length} failed at once, served on${then}`,
    ),
  ]
}

/** Nothing where one server is enough, and there is one. */
function quorumLines({ quorum }: VirtualServiceStatus, palette: Palette): string[] {
  if (quorum === null || (quorum.reached && quorum.needed === 1)) return []
  const { have, needed, hysteresis, reached, sinceSeconds } = quorum
  const edge = hysteresis === 0 ? '' : ` (hysteresis ${hysteresis})`
  const text = `weight ${have} up, ${needed} needed${edge}`
  return [
    reached
      ? palette.dim(`  quorum: ${text}`)
      : palette.bad(`  NO QUORUM for ${formatAge(sinceSeconds)}: ${text}`),
  ]
}

function sorryLines({ sorryServer: sorry }: VirtualServiceStatus, palette: Palette): string[] {
  if (sorry === null) return []
  const text = `  sorry server ${sorry.address} ${sorry.forwarding}`
  return sorry.active ? [palette.bad(`${text}, STANDS IN`)] : [palette.dim(`${text}, not needed`)]
}

const rank = (server: RealServerStatus): number =>
  server.health === 'unhealthy' ? 0 : server.health === 'unknown' ? 1 : 2

function serverLines(
  server: RealServerStatus,
  usual: string,
  /** The peer, where its view is known. */
  other: string | undefined,
  nameWidth: number,
  palette: Palette,
  width: number,
): string[] {
  const paint =
    server.health === 'healthy' ? palette.good : server.health === 'unhealthy' ? palette.bad : palette.dim
  const weight = server.effectiveWeight === null ? '-' : String(server.effectiveWeight)
  const numbers = [
    weight.padStart(6),
    String(server.activeConnections).padStart(6),
    String(server.inactiveConnections).padStart(8),
  ]
  const beside = other === undefined ? '' : `${(server.peer?.health ?? '-').padEnd(9)}  `
  const differs = other !== undefined && server.peer !== null && server.peer.health !== server.health
  const row = `  ${server.name.padEnd(nameWidth)}  ${paint(server.health.padEnd(9))}  ${differs ? palette.bad(beside) : beside}${numbers.join('  ')}  ${formatAge(server.sinceSeconds)}`
  const own = server.forwarding === usual ? [] : [palette.dim(`    ${server.forwarding}`)]
  const why = server.health === 'unhealthy' ? reasonLines(server, width).map(paint) : []
  const theirs =
    differs && server.peer?.reason ? wrap(`    ${other}: ${server.peer.reason}`, width, '    ') : []
  const course = courseOf(server)
  const going = course === '' ? [] : wrap(`    ${course}`, width, '    ').map(palette.strong)
  return [row, ...own, ...going, ...why, ...theirs.map(palette.bad)]
}

/** Of several checks each, for what failed may not be all that is wrong. */
function reasonLines({ reason, checks }: RealServerStatus, width: number): string[] {
  if (checks.length < 2) return wrap(`    ${reason}`, width, '    ')
  return checks.flatMap((check) => {
    const { subject, health, lastReason } = check
    const text = health === 'healthy' ? `${subject}: ${lastReason ?? 'not run yet'}` : check.reason
    return wrap(`    ${health === 'unhealthy' ? '-' : '+'} ${text}`, width, '      ')
  })
}

function syncLines({ sync }: DirectorStatus, palette: Palette, width: number): string[] {
  const { messagesSent = 0, messagesReceived = 0, lost = 0 } = sync.messages
  const { coverage, connections } = sync
  const held =
    coverage === null || connections === null
      ? []
      : [`  the peer holds ${shareOf(coverage)} of ${connections} sessions`]
  const about = `messages sent ${messagesSent}, received ${messagesReceived}, lost ${lost}`
  return [
    `sync ${sync.role}${sync.role === 'off' ? '' : palette.dim(`  ${about}`)}`,
    ...held,
    ...(sync.lastSnapshot === null ? [] : wrap(`  ${sync.lastSnapshot}`, width, '  ').map(palette.dim)),
  ]
}

/** Never rounded up to all of them. */
const shareOf = (share: number): string => (share === 1 ? 'all' : `${Math.floor(share * 1000) / 10} %`)

/** `45 s`, `12 min`, `3 h`, `8 d`: two digits are enough to judge by. */
export function formatAge(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** Breaks at spaces; a word longer than a line stays whole. */
function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent + word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
