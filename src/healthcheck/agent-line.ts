/** What an agent says of its server, in the words of HAProxy's agent-check. */
import { quote } from '../config/printable.js'
import { failed, type Outcome, passed } from './outcome.js'

const down = ['down', 'fail', 'stopped']

/**
 * Words between blanks or commas, in any order and case; what follows a `#` is for people. Each line says
 * all: what it does not name is as configured. The most careful word counts, so `up maint` is `maint`.
 */
export function judgeAgentLine(line: string): Outcome {
  const says = `says ${quote(line.trim())}`
  const words = (line.split('#', 1)[0] ?? '').toLowerCase().split(/[\s,]+/)
  const share = words.map(percentOf).find((percent) => percent !== undefined)
  // In maintenance even a client that is bound to the server goes elsewhere, which no weight does.
  if (words.some((word) => down.includes(word) || word === 'maint')) return failed(says)
  if (words.includes('drain')) return passed(says, { percent: 0 })
  if (share !== undefined) return passed(says, { percent: share })
  if (words.includes('up') || words.includes('ready')) return passed(says)
  return failed(`${says}, which is not an agent's answer`)
}

/** Of the configured weight, which is also the most that there is. */
function percentOf(word: string): number | undefined {
  const [, digits] = /^(\d{1,9})%$/.exec(word) ?? []
  return digits === undefined ? undefined : Math.min(100, Number(digits))
}
