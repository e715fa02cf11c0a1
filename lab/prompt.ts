import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { hostNames, ports, virtualAddress } from './addresses.js'
import type { Lab } from './lab.js'
import { repository } from './paths.js'

const help = `
Hosts: ${hostNames.join(' ')}, on the switch: switch
Each name runs a command there:   lb1 ip -br address      rs2 tcpdump -ni eth0
The virtual address:              client curl -s http://${virtualAddress}:${ports.http}/
Cut and heal a cable:             switch ip link set to-lb1 down (or up)
The lab's scripts are in ${repository}; nothing written here outlives the lab. Leave with exit.
`

/** Words of a command, by its name in the prompt; `"$@"` stands for what is typed after the name. */
export type PromptCommands = Readonly<Record<string, readonly string[]>>

/** A shell on this terminal with a command for each host, and more; answers when it is left. */
export async function openPrompt(lab: Lab, more: PromptCommands = {}, hint = ''): Promise<void> {
  const folder = mkdtempSync('/run/lab-commands-')
  for (const host of [...hostNames, 'switch'] as const) {
    const words = lab.topology.command(host, []).join(' ')
    writeFileSync(`${folder}/${host}`, `#!/bin/sh\n[ $# -gt 0 ] || set -- bash\nexec ${words} "$@"\n`, {
      mode: 0o755,
    })
  }
  for (const [name, words] of Object.entries(more)) {
    writeFileSync(`${folder}/${name}`, `#!/bin/sh\nexec ${words.join(' ')}\n`, { mode: 0o755 })
  }
  process.stdout.write(`${help}${hint}\n`)
  const environment = { ...process.env, PATH: `${folder}:${process.env.PATH}`, PS1: 'lab# ' }
  const shell = spawn('bash', ['--norc', '-i'], { stdio: 'inherit', env: environment })
  await new Promise((resolve) => shell.once('exit', resolve))
}
