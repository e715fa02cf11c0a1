/** Runs inside the guest on its terminal: the topology up, servers running, and a prompt. Usage: shell [direct|nat] */
import { withLab } from './lab.js'
import { openPrompt } from './prompt.js'

const forwarding = process.argv[2] === 'nat' ? 'nat' : 'direct'
const hooks = { onRecord: () => {}, onSay: (text: string): void => console.log(text) }
await withLab(process.env.VIPAIR_ARTEFACTS ?? '/tmp', forwarding, hooks, async (lab) => {
  await lab.servers()
  await openPrompt(lab)
})
