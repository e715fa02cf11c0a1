/** `npm run bench -- failover [options]`: what vipair is measured against, side by side in one run. */
import { failover, failoverUsage } from './failover/failover.js'

const [command, ...options] = process.argv.slice(2)
if (command !== 'failover') {
  process.stderr.write(`${failoverUsage}\n`)
  process.exit(2)
}
process.exitCode = await failover(options)
