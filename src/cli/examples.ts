/** What help, and the manual, teach each command by. */
import type { Example } from './command-tree.js'

/** By the command's name. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  run: [
    ['vipair run', 'the director that is named as this machine, with /etc/vipair/vipair.toml'],
    [
      'vipair run --config pair.toml --director lb2 --runtime-dir /run/lb2',
      'another one, in a network namespace of its own',
    ],
  ],
  check: [
    ['vipair check --config new.toml', 'every problem of a file, before it is put into place'],
    ['vipair check --json | jq .problems', 'the same for a program'],
  ],
  status: [
    ['vipair status', 'what is wrong now, who is Active and why, every server'],
    ["vipair status --json | jq '.virtualRouters[] | {name, state, reason}'", 'only the roles'],
    ['watch vipair status', 'again and again'],
  ],
  events: [
    ['vipair events', 'the last hundred, newest last'],
    ['vipair events --follow --type router.role peer.link', 'roles and the peer, as they change'],
    ['vipair events --json --last 1000 | jq -r .text', 'more of them, for a program'],
  ],
  plan: [
    ['vipair plan', 'what `vipair reload` would change now'],
    ['vipair plan --json | jq .needsRestart', 'whether it would be refused'],
  ],
  reload: [
    ['vipair check && vipair plan && vipair reload', 'with open eyes'],
    ['vipair reload --json', 'what changed, for a program'],
  ],
  handover: [
    ['vipair handover', 'everything that is Active here goes to the peer'],
    ['vipair handover front', 'one router, and its group'],
    ['vipair handover --force', 'also to a peer that does not hold the sessions'],
  ],
  server: [
    [
      'vipair server web 10.0.0.21:80 drain --reason "kernel update"',
      'no new connections; wait for the old ones',
    ],
    ['vipair server web 10.0.0.21:80 weight 10', 'a smaller share, until it is enabled'],
    ['vipair server web 10.0.0.21:80 enable', 'as the file and its checks say'],
  ],
  maintenance: [
    ['vipair maintenance on --reason "new memory"', 'step down and stay out of elections'],
    ['vipair maintenance off', 'take part again'],
  ],
  'real-server': [
    ['vipair real-server web', 'what the servers of `web` need'],
    ['vipair real-server web --apply', 'done, on the server itself'],
    ['vipair real-server web --server 10.0.0.21:80 --mtu 1400', 'for one that is reached through a tunnel'],
  ],
  keygen: [
    ['vipair keygen /etc/vipair/pair.key', 'once; then copied to the peer'],
    ['vipair keygen | ssh lb2 tee /root/next.key', 'on standard output'],
  ],
  release: [
    ['vipair release', 'after a director was killed: its addresses go from this machine'],
    ['vipair release --force', 'also of one that runs'],
  ],
  schema: [['vipair schema > vipair.schema.json', 'for an editor that knows JSON Schema for TOML']],
  completion: [
    ['source <(vipair completion bash)', 'for this shell'],
    ['vipair completion bash > /usr/share/bash-completion/completions/vipair', 'for all'],
    ['vipair completion zsh > /usr/share/zsh/vendor-completions/_vipair', 'likewise'],
    ['vipair completion fish > ~/.config/fish/completions/vipair.fish', 'for yourself'],
  ],
}

/** Below a command's own help. */
export function helpOf(name: string): string {
  const lines = (examples[name] ?? []).flatMap(([line, purpose]) => ['', `  # ${purpose}`, `  ${line}`])
  return lines.length === 0 ? '' : `\nExamples:${lines.join('\n')}`
}

/** Below the program's help. */
export const firstSteps = `
First steps:

  # one key for both machines
  vipair keygen /etc/vipair/pair.key

  # one file for both machines; every problem at once
  vipair check

  # who is Active, why, and what is wrong
  vipair status

Each command has its own examples: vipair help COMMAND`
