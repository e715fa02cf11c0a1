/** vipair(1), made of the commands. */
import type { ArgumentNode, CommandNode, OptionNode } from '../command-tree.js'
import { bold, item, paragraph, prose, section, subsection, title, verbatim } from './roff.js'

const signals = [
  ['SIGHUP', 'Reload.'],
  ['SIGUSR1', 'Write the whole state to `state.json` in the runtime directory.'],
  ['SIGTERM, SIGINT', 'Leave: hand over, release the addresses, leave the table as the file says.'],
] as const

const statuses = [
  ['0', 'Done.'],
  ['1', 'Refused or failed; the reason is on standard error.'],
  ['2', 'Wrong usage, or a file that is not valid.'],
  ['3', 'No daemon there.'],
] as const

const files = [
  ['/etc/vipair/vipair.toml', 'The file, the same on both directors.'],
  ['/run/vipair/control.sock', 'Where the commands reach the daemon: HTTP with JSON bodies.'],
  ['/var/lib/vipair/events.jsonl', 'What `vipair events` shows.'],
] as const

const variables = [
  ['NO_COLOR', 'When not empty: no colours on a terminal either.'],
  ['STATE_DIRECTORY', 'Where `vipair run` keeps events, unless --state-dir says it.'],
] as const

export function commandsPage(commands: readonly CommandNode[], version: string): string {
  // What every command takes is told once.
  const common = (commands[0]?.options ?? []).filter(
    ({ flags }) =>
      commands.filter(({ options }) => options.some((option) => option.flags === flags)).length >
      commands.length / 2,
  )
  const list = (rows: readonly (readonly [string, string])[]): readonly string[] =>
    rows.map(([term, text]) => item(bold(term), text))
  return `${[
    title('vipair', 1, version),
    section('Name'),
    'vipair \\- keeps a service address, its IPVS table and its sessions alive on two machines',
    section('Synopsis'),
    `${bold('vipair')} \\fICOMMAND\\fR [\\fIOPTION\\fR]...`,
    section('Description'),
    prose(
      'vipair makes two Linux machines one highly available layer-4 load balancer. Both run the same daemon with the same file.',
    ),
    section('Common options'),
    ...common.map(optionItem),
    section('Commands'),
    ...commands.flatMap((command) => commandLines(command, common)),
    section('Signals'),
    paragraph('To the main process of `vipair run`:'),
    ...list(signals),
    section('Exit status'),
    ...list(statuses),
    section('Files'),
    ...list(files),
    section('Environment'),
    ...list(variables),
    section('See also'),
    `${bold('vipair.toml')}(5), ${bold('ipvsadm')}(8), ${bold('systemctl')}(1)`,
  ].join('\n')}\n`
}

function commandLines(command: CommandNode, common: readonly OptionNode[]): readonly string[] {
  const { name, summary, options, examples } = command
  const own = options.filter(({ flags }) => !common.some((option) => option.flags === flags))
  return [
    subsection(['vipair', name, ...command.arguments.map(placeOf)].join(' ')),
    prose(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...command.arguments
      .filter(({ description }) => description !== '')
      .map((argument) => item(bold(argument.name.toUpperCase()), argument.description)),
    ...own.map(optionItem),
    ...(examples.length === 0
      ? []
      : [
          verbatim(
            examples.flatMap(([line, purpose], i) => [...(i === 0 ? [] : ['']), `# ${purpose}`, line]),
          ),
        ]),
  ]
}

function placeOf({ name, required, choices }: ArgumentNode): string {
  const place = choices.length > 0 ? choices.join('|') : name.toUpperCase()
  return required ? place : `[${place}]`
}

function optionItem({ flags, description, choices, fallback }: OptionNode): string {
  const notes = [
    ...(choices.length > 0 ? [`one of ${choices.join(', ')}`] : []),
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
  ]
  return item(bold(flags), `${description}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`)
}
