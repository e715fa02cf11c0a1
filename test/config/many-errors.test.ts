import { equal, ok } from 'node:assert/strict'
import { parseConfig } from '../../src/config/parse.js'

const directors = '[[director]]\nname = "lb1"\naddress = "10.0.0.1"\n'
const many = (count: number, one: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => one(n)).join('')

/** Warned of: nobody holds its address. */
const service = (n: number): string =>
  `[[virtual_service]]\nname = "s${n}"\naddress = "10.1.${n >> 8}.${n & 255}:80"\nreal_servers = ["10.2.0.1"]\n`
const router =
  '[[virtual_router]]\nname = "front"\nvrid = 7\ninterface = "eth0"\naddresses = ["10.9.0.1/24"]\n'

describe('a file with more errors than anybody reads', () => {
  for (const [what, text] of Object.entries({
    'unknown keys': many(5000, (n) => `k${n} = 1\n`) + directors,
    'keys that come again': `k = 1\n${many(5000, () => 'k = 1\n')}${directors}`,
    'wrong tables': directors + many(5000, () => '[[virtual_router]]\nx = 1\n'),
    'errors behind warnings': `${directors}${router}${many(2000, service)}`.replaceAll(
      '10.2.0.1',
      '10.2.0.1:99',
    ),
  })) {
    it(`tells the first 1,000 of its ${what}, and that there are more`, () => {
      const parsed = parseConfig(text)
      ok(!parsed.ok)
      equal(parsed.error.length, 1001)
      equal(parsed.error.filter(({ message }) => message.startsWith('more than 1000 errors')).length, 1)
      ok(parsed.error.every(({ severity }) => severity === 'error'))
    })
  }

  it('tells all of 1,000', () => {
    const parsed = parseConfig(directors + router + many(1000, (n) => `[x${n}]\n`))
    equal(parsed.ok, false)
    equal(!parsed.ok && parsed.error.length, 1000)
  })

  it('tells every warning', () => {
    const parsed = parseConfig(directors + router + many(1500, service).replaceAll('10.2.0.1', '10.2.0.1:80'))
    ok(parsed.ok)
    equal(parsed.value.warnings.length, 1500)
  })
})
