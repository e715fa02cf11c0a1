import assert from 'node:assert/strict'
import { type Port, port } from '../../src/base/units.js'
import { identify } from '../../src/healthcheck/identity.js'
import { endpoint, httpCheck, ip, tcpCheck } from './samples.js'

const to = (n: number): Port | undefined => port(n)
const web = endpoint('10.0.0.21:80')

describe('healthcheck/identity', () => {
  it('names the check as people do', () => {
    assert.equal(identify(tcpCheck(), web).subject, 'tcp 10.0.0.21:80')
    assert.equal(identify(tcpCheck({ port: to(22) }), web).subject, 'tcp 10.0.0.21:22')
    assert.equal(identify(httpCheck(), web).subject, 'http GET /healthz')
  })

  it('is the same check in whatever order its fields are, and with its port spelt out or not', () => {
    const check = httpCheck({ headers: { a: '1', b: '2' } })
    const shuffled = Object.fromEntries(Object.entries(check).reverse()) as unknown as typeof check
    const other = { ...shuffled, headers: { b: '2', a: '1' }, port: to(80) }
    assert.equal(identify(check, web).key, identify(other, web).key)
  })

  it('is another check when anything that matters differs', () => {
    const keys = [
      identify(httpCheck(), web),
      identify(httpCheck(), endpoint('10.0.0.22:80')),
      identify(httpCheck({ port: to(81) }), web),
      identify(httpCheck({ path: '/' }), web),
      identify(httpCheck({ fall: 4 }), web),
      identify(httpCheck({ bind: ip('10.0.0.11') }), web),
      identify(httpCheck({ bind: ip('10.0.0.12') }), web),
      identify(httpCheck({ status: [{ from: 200, to: 200 }] }), web),
      identify(tcpCheck(), web),
    ].map((identity) => identity.key)
    assert.equal(new Set(keys).size, keys.length)
  })
})
