/** The commands of the control socket: what their bodies may hold, and what they answer. */
import type { Log } from '../base/ports.js'
import { formatProblem, type Problem } from '../config/problem.js'
import type { Reading } from '../config/reading.js'
import type { ReloadPlan } from '../config/reload-plan.js'
import type { HandoverResult } from '../vrrp/runtime.js'
import type { ConfigReader } from './config-reader.js'
import { answerEvents } from './events-route.js'
import { expose } from './exposition.js'
import type { Routes } from './find-route.js'
import type { Journal } from './journal/journal.js'
import type { Parent } from './parent.js'
import { Refusal } from './refusal.js'
import { describeDifference } from './reload.js'
import { serverOrder } from './server-order.js'
import type { ServiceManager } from './service-manager.js'

export interface CommandContext {
  readonly configFile: string
  readonly reader: ConfigReader
  readonly log: Log
  /** Name of the local director. */
  readonly director: string
  readonly journal: Journal
  readonly parent: () => Parent
  /** Is told that a reload begins and that it is over, however it ended. */
  readonly manager: () => Pick<ServiceManager, 'reloading' | 'reloaded'> | undefined
}

const number = (value: unknown): value is number => typeof value === 'number'
const boolean = (value: unknown): value is boolean => typeof value === 'boolean'
const string = (value: unknown): value is string => typeof value === 'string' && value.length <= 200

interface Fields {
  readonly [name: string]: (value: unknown) => boolean
}

/** The body with these fields at most, each of its kind. Throws `Refusal`. */
function fieldsOf(body: unknown, fields: Fields): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal(400, 'the body is not a JSON object')
  for (const [name, value] of Object.entries(body)) {
    const fits = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!fits) throw new Refusal(400, `unknown field ${JSON.stringify(name.slice(0, 60))}`)
    if (!fits(value)) throw new Refusal(400, `${name}: ${JSON.stringify(value)?.slice(0, 60)} does not fit`)
  }
  return body as Readonly<Record<string, unknown>>
}

export class Commands {
  private reloading = false

  constructor(private readonly context: CommandContext) {}

  get routes(): Routes {
    return {
      'GET /v1/status': () => this.context.parent().status(),
      'GET /v1/events?': (_body, _names, asked) =>
        answerEvents(this.context.journal, this.context.director, asked),
      'GET /metrics': () => expose(this.context.parent().metrics()),
      'POST /v1/reload': (body) => {
        fieldsOf(body, {})
        return this.reload()
      },
      'POST /v1/plan': (body) => {
        fieldsOf(body, {})
        return this.plan()
      },
      'POST /v1/handover': async (body) => {
        const { router, force } = fieldsOf(body, { router: string, force: boolean })
        const name = router === undefined ? undefined : String(router)
        return handedOver(await this.context.parent().handOver(name, force === true))
      },
      'POST /v1/services/*/servers/*': async (body, names) => {
        const order = serverOrder(names, fieldsOf(body, { action: string, weight: number, reason: string }))
        return { ...order, peer: (await this.context.parent().orderServer(order)) ?? null }
      },
      'POST /v1/maintenance': async (body) => {
        const fields = fieldsOf(body, { on: boolean, reason: string, force: boolean })
        const { on, reason = 'by the operator', force } = fields
        if (on === undefined) throw new Refusal(400, 'on: true or false is needed')
        const results = await this.context
          .parent()
          .maintenance(on === true ? String(reason) : undefined, force === true)
        return { maintenance: on, handovers: results.map(told) }
      },
    }
  }

  /** What a reload would change. Throws `Refusal` with every problem of the file. */
  async plan(): Promise<ReloadPlan> {
    const { reading, warnings } = await this.load(() => {})
    return { file: this.context.configFile, ...(await this.context.parent().plan(reading.config)), warnings }
  }

  private async load(
    tell: (problem: string) => void,
  ): Promise<{ reading: Reading; warnings: readonly string[] }> {
    const { configFile, reader } = this.context
    const loaded = await reader.read()
    const texts = (problems: readonly Problem[]) => problems.map((one) => formatProblem(configFile, one))
    if (loaded.ok) return { reading: loaded.value, warnings: texts(loaded.value.warnings) }
    const problems = texts(loaded.error)
    for (const problem of problems) tell(problem)
    throw new Refusal(422, `${configFile} is not valid; nothing was changed`, { problems })
  }

  /** All or nothing. Throws `Refusal` with every problem; each is in the log as well. */
  async reload(): Promise<{ configHash: string; changes: readonly string[]; warnings: readonly string[] }> {
    const { log, parent } = this.context
    if (this.reloading) throw new Refusal(409, 'a reload is under way')
    this.reloading = true
    this.context.manager()?.reloading()
    try {
      const { reading, warnings } = await this.load((problem) => log.error(`reload: ${problem}`))
      const { config } = reading
      const changes = (await parent().reload(config)).map(describeDifference)
      this.context.reader.applied(reading)
      for (const warning of warnings) log.warn(`reload: ${warning}`)
      const more = changes.length > 20 ? ` and ${changes.length - 20} more` : ''
      const what = changes.length === 0 ? 'nothing changed' : changes.slice(0, 20).join('; ') + more
      log.info(`reload: config ${config.hash}, ${what}`)
      parent().events.tell('config.reload', 'config', 'applied', `${config.hash}, ${what}`)
      return { configHash: config.hash, changes, warnings }
    } catch (error) {
      if (error instanceof Refusal) {
        log.error(`reload: ${error.message}`)
        parent().events.tell('config.reload', 'config', 'refused', error.message)
      }
      throw error
    } finally {
      this.reloading = false
      this.context.manager()?.reloaded()
    }
  }
}

const told = ({ unit, result }: HandoverResult) => ({
  unit,
  to: result.ok ? result.value : null,
  reason: result.ok ? null : result.error,
})

function handedOver(results: readonly HandoverResult[]) {
  if (results.length === 0) throw new Refusal(409, 'no virtual router is Active here')
  const handovers = results.map(told)
  const refused = results.flatMap(({ unit, result }) => (result.ok ? [] : [`${unit}: ${result.error}`]))
  if (refused.length > 0) throw new Refusal(409, refused.join('; '), { handovers })
  return { handovers }
}
