/** Completion for zsh, by its own _arguments. */
import type { ArgumentNode, CommandNode, OptionNode } from '../command-tree.js'
import { type Candidates, candidatesOf } from './candidates.js'

export const zshCompletion = (commands: readonly CommandNode[]): string => `#compdef vipair
# made by: vipair completion zsh
_vipair_names() {
  local -a names runtime
  local place=\${words[(i)--runtime-dir]}
  if (( place < $#words )); then runtime=(--runtime-dir "\${words[place + 1]}"); fi
  names=("\${(@f)$(vipair names "$@" $runtime 2>/dev/null)}")
  compadd -a names
}
# The first operand: the service whose servers are wanted.
_vipair_servers() {
  _vipair_names servers "\${line[1]}"
}
_vipair() {
  local context state state_descr line
  typeset -A opt_args
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, summary }) => `      ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _vipair "$@"; else compdef _vipair vipair; fi
`

const commandCase = ({ name, options, arguments: places }: CommandNode): string =>
  [
    `    ${name})`,
    `      _arguments -C \\`,
    [...options.flatMap(optionSpecs), ...places.map(argumentSpec)]
      .map((spec) => `        ${quoted(spec)}`)
      .join(' \\\n'),
    `      ;;`,
  ].join('\n')

const optionSpecs = ({ names, description, value, choices }: OptionNode): readonly string[] =>
  names.map((name) => {
    const others = names.length > 1 ? `(${names.join(' ')})` : ''
    const taking = value === undefined ? '' : `:${value}:${actionOf(candidatesOf(value, choices))}`
    return `${others}${name}[${message(description)}]${taking}`
  })

const argumentSpec = ({ name, required, choices }: ArgumentNode): string =>
  `:${required ? '' : ':'}${message(name)}:${actionOf(candidatesOf(name, choices))}`

function actionOf(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `(${candidates.words.join(' ')})`
    case 'routers':
    case 'services':
      return ` _vipair_names ${candidates.kind}`
    case 'servers':
      return ' _vipair_servers'
    case 'file':
      return '_files'
    case 'directory':
      return '_files -/'
    case 'anything':
      return ' '
  }
}

const message = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&')
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
