import assert from 'node:assert/strict'
import { type Port, port } from '../../src/base/units.js'
import { identify } from '../../src/healthcheck/identity.js'
import { formatTarget } from '../../src/healthcheck/target.js'
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

  it('goes to its own address, which makes checks of several servers one', () => {
    const elsewhere = tcpCheck({ address: ip('10.0.0.30'), port: to(22) })
    const { key, subject, target } = identify(elsewhere, web)
    assert.equal(subject, 'tcp 10.0.0.30:22')
    assert.equal(formatTarget(target), '10.0.0.30:22')
    assert.equal(identify(elsewhere, endpoint('10.0.0.22:80')).key, key)
    assert.equal(
      identify(httpCheck({ address: ip('10.0.0.30') }), web).subject,
      'http GET /healthz at 10.0.0.30:80',
    )
    assert.equal(identify(tcpCheck({ address: web.address }), web).key, identify(tcpCheck(), web).key)
  })

  it('to a name is one check for each family, which is that of bind or of the server', () => {
    const named = tcpCheck({ address: { name: 'db.example.net' } })
    const keys = [
      identify(named, web),
      identify(named, endpoint('[2001:db8::21]:80')),
      identify({ ...named, bind: ip('10.0.0.11') }, web),
    ].map(({ key }) => key)
    assert.equal(new Set(keys).size, keys.length)
    assert.equal(identify(named, endpoint('10.0.0.22:80')).key, keys[0])
    assert.equal(identify(named, web).subject, 'tcp db.example.net:80')
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
