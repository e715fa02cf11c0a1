/** `npm run bench -- failover|ipvs|checks [options]`: what vipair is measured against, side by side in one run. */
import { checks, checksUsage } from './checks/checks.js'
import { failover } from './failover/failover.js'
import { failoverUsage } from './failover/plan.js'
import { ipvs, ipvsUsage } from './ipvs/ipvs.js'

const [command, ...options] = process.argv.slice(2)
if (command === 'failover') process.exitCode = await failover(options)
else if (command === 'ipvs') process.exitCode = await ipvs(options)
else if (command === 'checks') process.exitCode = await checks(options)
else {
  process.stderr.write(`${failoverUsage}\n\n${ipvsUsage}\n\n${checksUsage}\n`)
  process.exitCode = 2
}
