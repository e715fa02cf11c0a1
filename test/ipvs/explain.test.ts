/** What an operator is told about each refusal; the same list is provoked on a real kernel in the lab. */
import assert from 'node:assert/strict'
import { operationError, readError } from '../../src/ipvs/errors.js'
import { sentence } from '../../src/ipvs/problems.js'
import { refusals } from './refusals.js'

describe('an errno of the kernel is a sentence', () => {
  for (const { title, operation, code, says } of refusals) {
    it(`${title}: ${code}`, () => {
      const said = sentence(operationError(operation, code))
      assert.match(said, says)
      assert.ok(said.startsWith(`ipvs ${operation.kind} `), said)
      assert.ok(!said.includes('answered'), said)
    })
  }

  it('whatever was asked', () => {
    const [{ operation } = assert.fail()] = refusals
    assert.match(sentence(operationError(operation, 'EPERM')), /only for root or CAP_NET_ADMIN/)
    assert.match(sentence(operationError(operation, 'ENOMEM')), /no memory for it/)
    assert.match(sentence(operationError(operation, 'EDOM')), /answered EDOM for tcp 10\.0\.0\.100:80/)
    assert.match(
      sentence(readError('setConfig', 'EINVAL')),
      /too long for this kernel: shorten ipvs\.timeouts/,
    )
    assert.equal(sentence(readError('getService', 'EDOM')), 'ipvs getService table: EDOM')
  })
})
