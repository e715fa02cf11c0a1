import { runExercise } from '../exercise.js'
import type { Scenario } from '../scenario.js'

export const ipvsKernel: Scenario = {
  name: 'ipvs-kernel',
  summary:
    'services, servers and daemons in the real table: built, adopted, changed one by one, 30,000 at once',
  forwarding: 'direct',
  run: (lab) => runExercise(lab, 'lab/ipvs-exercise'),
}
