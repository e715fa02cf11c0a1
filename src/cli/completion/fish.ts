/** Completion for fish. */
import type { CommandNode, OptionNode } from '../command-tree.js'
import { type Candidates, candidatesOf } from './candidates.js'

export const fishCompletion = (commands: readonly CommandNode[]): string => `# made by: vipair completion fish
# The operands after the command so far; options that take a value are told by the second argument on.
function __vipair_operands
    set -l words (commandline -opc)
    set -l skip 0
    for word in $words[3..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word $argv
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end
function __vipair_names
    set -l words (commandline -opc)
    set -l runtime
    if set -l place (contains -i -- --runtime-dir $words)
        set runtime --runtime-dir $words[(math $place + 1)]
    end
    command vipair names $argv $runtime 2>/dev/null
end
complete -c vipair -f
${commands.flatMap(commandLines).join('\n')}
`

function commandLines({ name, summary, options, arguments: places }: CommandNode): readonly string[] {
  const here = `__fish_seen_subcommand_from ${name}`
  const valued = options.filter(({ value }) => value !== undefined).flatMap(({ names }) => names)
  const operands = `(__vipair_operands ${valued.join(' ')})`
  return [
    `complete -c vipair -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => `complete -c vipair -n ${quoted(here)} ${optionWords(option, operands)}`),
    ...places.flatMap((place, i) => {
      const action = actionOf(candidatesOf(place.name, place.choices), operands)
      if (action === '') return []
      const at = `${here}; and test (count ${operands}) = ${i}`
      return [`complete -c vipair -n ${quoted(at)} ${action} -d ${quoted(place.description)}`]
    }),
  ]
}

function optionWords({ names, description, value, choices }: OptionNode, operands: string): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const action = value === undefined ? '' : ` -x ${actionOf(candidatesOf(value, choices), operands)}`
  return `${flags.join(' ')}${action.trimEnd()} -d ${quoted(description)}`
}

function actionOf(candidates: Candidates, operands: string): string {
  switch (candidates.kind) {
    case 'words':
      return `-a ${quoted(candidates.words.join(' '))}`
    case 'routers':
    case 'services':
      return `-a '(__vipair_names ${candidates.kind})'`
    case 'servers':
      return `-a ${quoted(`(__vipair_names servers ${operands.slice(0, -1)})[1])`)}`
    case 'file':
      return `-a '(__fish_complete_path (commandline -ct))'`
    case 'directory':
      return `-a '(__fish_complete_directories (commandline -ct))'`
    case 'anything':
      return ''
  }
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`
