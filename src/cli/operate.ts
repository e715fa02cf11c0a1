/** The commands that change a running daemon: each is one request, told in a few lines. */
import { askDaemon, type DaemonAnswer } from './control-client.js'

export interface OperateOutput {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
  /** The daemon's own answer instead of lines. */
  readonly json: boolean
}

interface Handover {
  readonly unit: string
  readonly to: string | null
  readonly reason: string | null
}

/** Exit status: 0 done, 1 refused. */
const statusOf = ({ status }: DaemonAnswer): number => (status === 200 ? 0 : status === 422 ? 2 : 1)

/** Prints the lines, or the reasons of a refusal; answers the exit status. */
export function tell(answer: DaemonAnswer, output: OperateOutput, lines: readonly string[]): number {
  if (output.json) output.out(`${JSON.stringify(answer.body, null, 2)}\n`)
  else if (answer.status === 200) for (const line of lines) output.out(`${line}\n`)
  if (answer.status !== 200) {
    for (const problem of textsOf(answer.body.problems)) output.error(`${problem}\n`)
    output.error(`vipair: ${String(answer.body.error)}\n`)
  }
  return statusOf(answer)
}

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
const handoversOf = ({ body }: DaemonAnswer): readonly Handover[] =>
  Array.isArray(body.handovers) ? (body.handovers as readonly Handover[]) : []

/** `vipair handover [ROUTER]` */
export async function runHandover(
  runtimeDir: string,
  router: string | undefined,
  force: boolean,
  output: OperateOutput,
): Promise<number> {
  const answer = await askDaemon(runtimeDir, 'POST', '/v1/handover', { router, force })
  return tell(
    answer,
    output,
    handoversOf(answer).map(({ unit, to }) => `${unit}: handed over to ${to}`),
  )
}

/** `vipair maintenance on|off` */
export async function runMaintenance(
  runtimeDir: string,
  on: boolean,
  reason: string | undefined,
  force: boolean,
  output: OperateOutput,
): Promise<number> {
  const answer = await askDaemon(runtimeDir, 'POST', '/v1/maintenance', { on, reason, force })
  const moved = handoversOf(answer).map(({ unit, to, reason }) =>
    to === null ? `${unit}: resigned, not handed over: ${reason}` : `${unit}: handed over to ${to}`,
  )
  return tell(answer, output, [...moved, on ? 'in maintenance' : 'maintenance is over'])
}

/** `vipair reload` */
export async function runReload(runtimeDir: string, output: OperateOutput): Promise<number> {
  const answer = await askDaemon(runtimeDir, 'POST', '/v1/reload', {})
  const changes = textsOf(answer.body.changes)
  return tell(answer, output, [
    ...textsOf(answer.body.warnings),
    ...(changes.length === 0 ? ['nothing changed'] : changes),
    `config ${String(answer.body.configHash)}`,
  ])
}

/** `vipair server SERVICE SERVER drain|quiesce|enable|disable|weight N` */
export async function runServer(
  runtimeDir: string,
  [service, server]: readonly [string, string],
  order: {
    readonly action: string
    readonly weight: number | undefined
    readonly reason: string | undefined
  },
  output: OperateOutput,
): Promise<number> {
  const path = `/v1/services/${encodeURIComponent(service)}/servers/${encodeURIComponent(server)}`
  const answer = await askDaemon(runtimeDir, 'POST', path, order)
  const what = order.action === 'weight' ? `weight ${order.weight}` : order.action
  const { peer } = answer.body
  const told = typeof peer === 'object' && peer !== null && 'text' in peer ? [String(peer.text)] : []
  return tell(answer, output, [[`${service}: ${server}: ${what}`, ...told].join('; ')])
}
