import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../src/base/ports.js'
import { millis } from '../../src/base/units.js'
import { createLog, type LogFormat } from '../../src/platform/log.js'
import { RateLimitedLog } from '../../src/platform/rate-limited-log.js'

function capture(format: LogFormat): { log: ReturnType<typeof createLog>; lines: string[] } {
  const lines: string[] = []
  const writer = { write: (line: string) => lines.push(line) }
  return { log: createLog({ level: 'info', format, process: 'vrrp', writer }), lines }
}

describe('log', () => {
  it('is text for a terminal', () => {
    const { log, lines } = capture('text')
    log.warn('front: Backup -> Active', { vrid: 51, reason: 'lb1 silent' })
    assert.match(
      lines[0] ?? '',
      /^\d\d:\d\d:\d\d\.\d{3} warn {2}vrrp: front: Backup -> Active vrid=51 reason="lb1 silent"$/,
    )
  })

  it('is one JSON object a line', () => {
    const { log, lines } = capture('json')
    log.error('no', { vrid: 51 })
    const { time, ...rest } = JSON.parse(lines[0] ?? '')
    assert.deepEqual(rest, { vrid: 51, level: 'error', process: 'vrrp', message: 'no' })
    assert.ok(!Number.isNaN(Date.parse(time)))
  })

  it('carries the priority for the journal', () => {
    const { log, lines } = capture('journal')
    log.error('a')
    log.warn('b')
    log.info('c')
    assert.deepEqual(lines, ['<3>vrrp: a', '<4>vrrp: b', '<6>vrrp: c'])
  })

  it('leaves out what is below its level, which can change', () => {
    const { log, lines } = capture('journal')
    log.debug('not this')
    log.setLevel('debug')
    log.debug('this')
    log.setLevel('error')
    log.info('nor this')
    assert.deepEqual(lines, ['<7>vrrp: this'])
  })

  it('never waits for a reader, and says how much it lost', async function () {
    this.timeout(20_000)
    const script = fileURLToPath(new URL('./log-child.js', import.meta.url))
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    const { stderr } = child
    assert.ok(stderr)
    // Nobody reads its standard error until it says that it is through.
    stderr.pause()
    await once(child, 'message')
    let text = ''
    stderr.on('data', (chunk: Buffer) => {
      text += chunk
    })
    stderr.resume()
    child.send('read again')
    await once(child, 'close')
    assert.equal(child.exitCode, 0)
    let lost = 0
    for (const [, count] of text.matchAll(/\((\d+) log lines lost/g)) lost += Number(count)
    const written = text.match(/flood/g)?.length ?? 0
    assert.ok(lost > 10_000, `${lost} lost`)
    assert.ok(lost + written >= 20_000, `${lost} lost and ${written} written`)
    assert.match(text, /child: the last line\n$/)
  })
})

describe('rate-limited log', () => {
  it('says each reason once a period and counts the rest', () => {
    let now = 0
    const clock = { now: () => millis(now) } as unknown as Clock
    const said: [string, object][] = []
    const limited = new RateLimitedLog(clock, (message, fields) => said.push([message, fields]), millis(1000))
    limited.say('ttl', 'ttl 64', { from: 'x' })
    now = 500
    limited.say('ttl', 'ttl 63')
    limited.say('checksum', 'bad checksum')
    limited.say('ttl', 'ttl 62')
    now = 1000
    limited.say('ttl', 'ttl 61')
    assert.deepEqual(said, [
      ['ttl 64', { from: 'x' }],
      ['bad checksum', {}],
      ['ttl 61', { suppressed: 2 }],
    ])
  })

  it('remembers a bounded number of reasons', () => {
    let said = 0
    const clock = { now: () => millis(0) } as unknown as Clock
    const limited = new RateLimitedLog(clock, () => said++, millis(1000))
    for (let i = 0; i < 5000; i++) limited.say(`reason ${i}`, 'x')
    assert.equal(said, 5000)
    limited.say('reason 4999', 'x')
    limited.say('reason 0', 'x')
    assert.equal(said, 5001)
  })
})
