/** What a run of the bench measures, from its options. */
import { parseArgs } from 'node:util'
import { keepalived, type Program, vipair } from './programs.js'

export const caseNames = ['cut', 'stop', 'kill', 'freeze', 'vrrp', 'split'] as const
export type CaseName = (typeof caseNames)[number]

export const failoverUsage = `usage: npm run bench -- failover [--quick] [--intervals 1000,100,20,10] [--repeats 3] [--splits 20]
         [--cases cut,stop,kill,freeze,vrrp,split] [--programs keepalived,vipair] [--transport udp|multicast]
         [--arenas 4] [--limit MINUTES] [--assert]
Cuts and stops are measured one after the other; what mostly waits (the other cases), in several networks at
once. Needs root and Debian's keepalived. The whole takes about 20 minutes and never more than --limit (40);
--quick takes about three. With --assert a bar that is not met makes the exit status 1.`

export interface Plan {
  readonly intervals: readonly number[]
  /** Of every case but the split. */
  readonly repeats: number
  readonly splits: number
  readonly cases: readonly CaseName[]
  readonly programs: readonly Program[]
  /** Networks that are measured in at once. */
  readonly arenas: number
  readonly limitMinutes: number
  readonly asserts: boolean
}

/** Throws an error with a text for the user. */
export function parsePlan(argv: readonly string[]): Plan {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: flag,
      assert: flag,
      intervals: text,
      repeats: text,
      splits: text,
      cases: text,
      programs: text,
      transport: text,
      arenas: text,
      limit: text,
    },
  })
  const { quick, transport = 'udp' } = values
  if (transport !== 'udp' && transport !== 'multicast') throw new Error(`unknown transport ${transport}`)
  const known = [keepalived, vipair(transport)]
  return {
    intervals: list(values.intervals, quick ? '100' : '1000,100,20,10').map((one) => count(one, 0)),
    repeats: count(values.repeats, quick ? 1 : 3),
    splits: count(values.splits, quick ? 6 : 20),
    cases: list(values.cases, caseNames.join()).map((name) =>
      found(
        'case',
        name,
        caseNames.find((one) => one === name),
      ),
    ),
    programs: list(values.programs, 'keepalived,vipair').map((name) =>
      found(
        'program',
        name,
        known.find((one) => one.name === name),
      ),
    ),
    arenas: count(values.arenas, 4),
    limitMinutes: count(values.limit, 40),
    asserts: values.assert,
  }
}

const list = (given: string | undefined, usual: string): string[] => (given ?? usual).split(',')

function count(given: string | undefined, usual: number): number {
  const value = Number(given ?? usual)
  if (!Number.isInteger(value) || value < 1) throw new Error(`not a count: ${given}`)
  return value
}

function found<T>(what: string, name: string, known: T | undefined): T {
  if (known === undefined) throw new Error(`unknown ${what} ${name}`)
  return known
}
