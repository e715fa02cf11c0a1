/** Floods its standard error, says so to its parent, and logs once more when told that somebody reads. */
import { createLog } from '../../src/platform/log.js'

const log = createLog({ level: 'info', format: 'text', process: 'child' })
for (let i = 0; i < 20_000; i++) log.info('flood')
process.send?.('through')
process.once('message', () => {
  // The reader needs a moment until the pipe has room.
  const again = setInterval(() => log.info('again'), 5)
  setTimeout(() => {
    clearInterval(again)
    log.info('the last line')
    process.exit(0)
  }, 200)
})
