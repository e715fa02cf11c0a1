import { deepEqual, equal } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notifySender } from '../../src/platform/notify-socket.js'
import { NotifyListener } from '../daemon/notify-listener.js'

describe('platform/notify-socket', () => {
  const directory = mkdtempSync(join(tmpdir(), 'vipair-notify-'))
  after(() => rmSync(directory, { recursive: true }))

  for (const path of [join(directory, 'socket'), `@vipair-test-${process.pid}`])
    it(`reaches ${path.startsWith('@') ? 'an abstract socket' : 'a socket in the file system'}`, () => {
      const listener = new NotifyListener(path)
      try {
        const send = notifySender(path)
        equal(send?.('READY=1\nSTATUS=all is well\n'), true)
        deepEqual(listener.read(), ['READY=1', 'STATUS=all is well'])
      } finally {
        listener.close()
      }
    })

  it('answers false when nobody listens, or nobody reads', () => {
    equal(notifySender(join(directory, 'nobody'))?.('READY=1\n'), false)
    const listener = new NotifyListener('@vipair-full')
    const send = notifySender('@vipair-full')
    let sent = 0
    while (send?.('WATCHDOG=1\n')) sent++
    equal(listener.count('WATCHDOG=1'), sent)
    listener.close()
  })

  for (const path of ['', '@', '/', 'relative', 'vsock:2:1234', `/${'x'.repeat(107)}`])
    it(`knows no address in ${JSON.stringify(path.slice(0, 20))}`, () => equal(notifySender(path), undefined))
})
