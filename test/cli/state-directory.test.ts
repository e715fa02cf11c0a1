import { equal } from 'node:assert/strict'
import { stateDirectory } from '../../src/cli/state-directory.js'

describe('the state directory', () => {
  const cases = [
    ['/run/vipair', undefined, '/var/lib/vipair'],
    ['/run/vipair', '', '/var/lib/vipair'],
    ['/run/vipair', '/var/lib/vipair-2', '/var/lib/vipair-2'],
    ['/run/vipair', '/var/lib/a:/var/lib/b', '/var/lib/a'],
    // Several directors on one machine must not share it.
    ['/run/lb2', undefined, '/run/lb2'],
    ['/run/lb2', '/var/lib/lb2', '/var/lib/lb2'],
  ] as const
  for (const [runtimeDir, STATE_DIRECTORY, expected] of cases)
    it(`is ${expected} of ${runtimeDir} with STATE_DIRECTORY=${STATE_DIRECTORY}`, () =>
      equal(stateDirectory(runtimeDir, { STATE_DIRECTORY }), expected))
})
