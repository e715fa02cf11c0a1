import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { inconclusive, type Outcome } from '../../src/healthcheck/outcome.js'

/** In a network namespace of its own: uses something up, and then runs one check of each engine. */
const program = (useUp: string): string => `
  const from = (path) => import(new URL(path, ${JSON.stringify(import.meta.url)}))
  const { runCheck } = await from('./run.js')
  const { httpCheck, tcpCheck, endpoint } = await from('./samples.js')
  const { createServer, connect } = await import('node:net')
  const { once } = await import('node:events')
  const { openSync } = await import('node:fs')
  const server = createServer((socket) => socket.on('error', () => {})).listen(8000, '127.0.0.1')
  await once(server, 'listening')
  const run = (check, timeUp = AbortSignal.timeout(5000)) => runCheck(check, endpoint('127.0.0.1:8000'), timeUp)
  const checks = [tcpCheck({ timeout: 5000 }), httpCheck({ timeout: 5000 }), httpCheck({ timeout: 5000, headers: { TE: 'trailers' } })]
  // Everything that loads at its first use.
  for (const check of checks) await run(check, AbortSignal.timeout(50))
  ${useUp}
  console.log(JSON.stringify(await Promise.all(checks.map((check) => run(check)))))
  process.exit()
`

async function outcomes(setUp: string, useUp: string): Promise<Outcome[]> {
  const shell = `ip link set lo up && ${setUp} && exec "$0" --input-type=module -e "$1"`
  const words = ['-n', 'sh', '-c', shell, process.execPath, program(useUp)]
  const { stdout } = await promisify(execFile)('unshare', words)
  return JSON.parse(stdout)
}

describe('healthcheck: what this machine has no more of', function () {
  this.timeout(30_000)

  it('local ports: no server goes down', async () => {
    const found = await outcomes(
      'echo 50000 50001 > /proc/sys/net/ipv4/ip_local_port_range',
      `for (let i = 0; i < 2; i++) await once(connect(8000, '127.0.0.1'), 'connect')`,
    )
    const reason = 'no free local port, or the bind address is not on this machine (EADDRNOTAVAIL)'
    assert.deepEqual(found, [inconclusive(reason), inconclusive(reason), inconclusive(reason)].map(plain))
  })

  it('descriptors: no server goes down', async () => {
    const found = await outcomes(
      'ulimit -n 200',
      `try { for (;;) openSync('/dev/null') } catch (error) { if (error.code !== 'EMFILE') throw error }`,
    )
    const reason = 'out of file descriptors in this process (EMFILE)'
    assert.deepEqual(found, [inconclusive(reason), inconclusive(reason), inconclusive(reason)].map(plain))
  })
})

/** As JSON has it. */
const plain = (outcome: Outcome): unknown => JSON.parse(JSON.stringify(outcome))
