/** The table that a file asks for while every server is healthy. */
import assert from 'node:assert/strict'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import { desiredTable } from '../../src/ipvs/desired.js'
import type { Table } from '../../src/ipvs/model.js'

export function tableOf(text: string): Table {
  const result = parseConfig(text)
  assert.ok(result.ok, result.ok ? '' : result.error.map((one) => formatProblem('f', one)).join('\n'))
  const { virtualServices: services, sync } = result.value.config
  const setting = { services, sync, directorId: 1, peerId: undefined }
  return desiredTable(setting, () => 'healthy', { services: new Map(), daemons: [] })
}
