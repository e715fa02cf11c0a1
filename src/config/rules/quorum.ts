/** Rules about how many servers a service needs: weights count, as an operator of keepalived knows it. */
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { ServiceDraft } from './services.js'

export function checkQuorum(service: ServiceDraft, path: Path, report: Report): void {
  const { quorum, quorum_hysteresis: hysteresis, real_servers: servers } = service
  if (quorum === undefined || hysteresis === undefined) return
  if (hysteresis >= quorum) {
    report.error([...path, 'quorum_hysteresis'], `${hysteresis} is not less than the quorum of ${quorum}`, {
      expected: quorum === 1 ? 'quorum = 200 or so beside it' : `at most ${quorum - 1}`,
    })
    return
  }
  const weights = (servers ?? [undefined]).map((server) => server?.weight)
  if (!weights.every((weight) => weight !== undefined)) return
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const least = Math.min(...weights.filter((weight) => weight > 0))
  const where = [...path, 'quorum']
  if (quorum > 1 && quorum + hysteresis > sum) {
    const with_ = hysteresis === 0 ? '' : ` and a hysteresis of ${hysteresis}`
    report.error(where, `${quorum}${with_} is more than all servers weigh, which is ${sum}`, {
      expected: `at most ${Math.max(1, sum - hysteresis)}`,
    })
  } else if (quorum > 1 && quorum < least) {
    report.warning(where, `any one server is enough: its weight counts, which is ${least} or more`, {
      expected: `${2 * least} for two such servers, or 1 to say so`,
    })
  }
}
