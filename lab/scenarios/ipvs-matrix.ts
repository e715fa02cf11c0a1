import { modules } from '../../test/ipvs/matrix.js'
import { runExercise } from '../exercise.js'
import type { Scenario } from '../scenario.js'
import { run } from '../shell-command.js'

export const ipvsMatrix: Scenario = {
  name: 'ipvs-matrix',
  summary:
    'every kind of service from a file in the real table, as ipvsadm sees it, and every errno explained',
  forwarding: 'direct',
  async run(lab) {
    await run(['modprobe', '-a', 'ipv6', 'ip_vs_pe_sip', ...modules])
    await runExercise(lab, 'lab/matrix-exercise')
  },
}
