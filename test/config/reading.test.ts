import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { parseConfig } from '../../src/config/parse.js'
import { cut } from '../../src/config/pieces.js'
import { type Reading, readConfig, readPieces } from '../../src/config/reading.js'

const directors = '[[director]]\nname = "lb1"\naddress = "10.0.0.1"\n'
const router =
  '[[virtual_router]]\nname = "front"\nvrid = 7\ninterface = "eth0"\naddresses = ["10.1.0.1/24"]\n'

const service = (n: number, lines = '', servers = '"10.2.0.1:80"'): string =>
  `[[virtual_service]]\nname = "s${n}"\naddress = "10.1.0.${n}:80"\nforwarding = "nat"\n${lines}real_servers = [${servers}]\n`

const bytes = (text: string): Buffer => Buffer.from(text)

function valid(text: string): Reading {
  const reading = readConfig(bytes(text))
  ok(reading.ok, text)
  return reading.value
}

/** What the whole parse says of `text` is what the reader says, whatever it knows. */
function agrees(text: string, known?: Reading): Reading | undefined {
  const whole = parseConfig(text)
  const read = readConfig(bytes(text))
  equal(read.ok, whole.ok, text)
  if (!read.ok || !whole.ok) {
    deepEqual(read, whole)
    equal(readPieces(bytes(text), known), undefined, text)
    return undefined
  }
  const again = readPieces(bytes(text), known)
  for (const reading of [read.value, ...(again ? [again] : [])]) {
    deepEqual(reading.config, whole.value.config, text)
    deepEqual(reading.warnings, whole.value.warnings, text)
  }
  return again
}

/** Parts of a file in which most files that they make are valid and the others fail in many ways. */
const part = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 30 }).map((n) => service(n + 1)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat({ max: 30 }), fc.constantFrom('rr', 'wrr', 'mh', 'none'), fc.nat({ max: 3 }))
      .map(([n, scheduler, weight]) =>
        service(
          n + 1,
          `scheduler = "${scheduler}"\n`,
          `{ address = "10.1.0.9${weight}:80", weight = ${weight} }`,
        ),
      ),
  },
  fc.nat({ max: 30 }).map((n) => service(n + 1, 'protocol = "udp"\n')),
  fc.nat({ max: 5 }).map((n) => `# é ${n}\n\n`),
  fc.constantFrom(
    '[virtual_service.check]\ntype = "http"\n',
    '[[virtual_service.check]]\ntype = "tcp"\n',
    '[virtual_service.tunnel]\ntype = "ipip"\n',
    '[sync]\ntransport = "off"\n',
    '[log]\nlevel = "warn"\r\n',
    '[control]\nmode = "0666"\n',
    '  [ipvs]\n',
    '[ipvs.timeouts]\ntcp = "15m"\n',
    router,
    '[[virtual_service]]\nfwmark = 3\nname = "m"\nreal_servers = ["10.2.0.1"]\n',
    '[[virtual_service]]\nfwmark = 3\nname = "n"\nreal_servers = ["10.2.0.1"]\n',
    '["virtual\\u005fservice"]\n',
    '[[virtual_service]] # é\nname = """\n[[virtual_service]]\n"""\n',
    'x = [\n[[virtual_service]]\n]\n',
    'y = [\n[true],\n]\n',
    'scheduler = "rr"\n',
    '[\n',
    ']\n',
    '\ufeff',
    '"',
  ),
)

const file = fc
  .tuple(
    fc.constantFrom(directors, `\ufeff${directors}`, `${directors}${router}`, ''),
    fc.array(part, { maxLength: 8 }),
  )
  .map(([first, parts]) => first + parts.join(''))

describe('reading a file service by service', function () {
  this.timeout(20_000)

  it('is what a whole parse says, of any file', () => {
    let valids = 0
    fc.assert(
      fc.property(file, (text) => {
        if (agrees(text)) valids++
      }),
      { numRuns: 200 },
    )
    ok(valids > 20, `${valids} were read in pieces`)
  })

  it('is so after any edit of a file that is known', () => {
    let again = 0
    const edit = fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.oneof(part, fc.constant('')))
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 30 }), { minLength: 1, maxLength: 10 }),
        fc.array(edit, { maxLength: 6 }),
        (all, edits) => {
          let known: Reading | undefined = valid(directors + all.map((n) => service(n + 1)).join(''))
          const parts = [directors, ...all.map((n) => service(n + 1))]
          for (const [at, removed, added] of edits) {
            parts.splice(at % (parts.length + 1), removed, added)
            const next = agrees(parts.join(''), known)
            if (next) again++
            known = next ?? known
          }
        },
      ),
      { numRuns: 200 },
    )
    ok(again > 50, `${again} were read again`)
  })

  it('is so after any change of single characters', () => {
    const text = `${directors}${router}${[1, 2, 3].map((n) => service(n)).join('')}[log]\nlevel = "warn"\n${service(4, 'check = { type = "none" }\n')}`
    const known = valid(text)
    const character = fc.constantFrom('"', "'", '[', ']', '#', '\n', '1', 'x', '=', ' ', '\r', '.', '{', '}')
    fc.assert(
      fc.property(
        fc.nat({ max: text.length }),
        fc.nat({ max: 3 }),
        fc.string({ unit: character, maxLength: 3 }),
        (at, removed, added) => {
          agrees(text.slice(0, at) + added + text.slice(at + removed), known)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('leaves services alone whose text is the same, wherever it stands', () => {
    const known = valid(directors + service(1) + service(2) + service(3))
    const next = readPieces(
      bytes(directors + service(3) + service(2, 'scheduler = "rr"\n') + service(1)),
      known,
    )
    const [one, , three] = known.config.virtualServices
    equal(next?.config.virtualServices[0], three)
    equal(next?.config.virtualServices[2], one)
    equal(next?.config.virtualServices[1]?.scheduler, 'rr')
  })

  it('parses no more than it was allowed to', () => {
    const known = valid(directors + service(1) + service(2))
    const changed = directors + service(1) + service(2, 'scheduler = "rr"\n')
    ok(readPieces(bytes(changed), known, 400))
    equal(readPieces(bytes(changed), known, 100), undefined)
    equal(readPieces(bytes(changed), undefined, 250), undefined)
  })

  it('reads the same after its result has crossed to another process', () => {
    const text = directors + service(1) + service(2)
    const known = structuredClone(valid(text))
    const next = agrees(`${directors}${service(1)}${service(2, 'scheduler = "rr"\n')}`, known)
    equal(next?.config.virtualServices[0], known.config.virtualServices[0])
  })

  for (const [what, text] of Object.entries({
    'begins with a service': service(1) + directors,
    'has a string over several lines': `${directors}${service(1)}# """\n`,
    'has a header that is not in the first column': `${directors}${service(1)} [log]\n`,
    'has a header in quotes': `${directors}${service(1)}["log"]\n`,
    'has a part of a service after another table': `${directors}${service(1)}[log]\n[virtual_service.check]\n`,
  })) {
    it(`reads as a whole what ${what}`, () => equal(cut(bytes(text)), undefined))
  }

  it('cuts at services, and tells where each begins', () => {
    const text = `# é\n${directors}${service(1)}[virtual_service.check]\n[log]\n${service(2)}`
    const pieces = cut(bytes(text)) ?? []
    deepEqual(
      pieces.map(({ start, end }) => bytes(text).toString('utf8', start, end)),
      ['# é\n', directors, `${service(1)}[virtual_service.check]\n`, '[log]\n', service(2)],
    )
    deepEqual(
      pieces.map(({ line, breaks, isService }) => [line, breaks, isService]),
      [
        [1, 1, false],
        [2, 3, false],
        [5, 6, true],
        [11, 1, false],
        [12, 5, true],
      ],
    )
  })
})
