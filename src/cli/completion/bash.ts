/** Completion for bash; works with and without the bash-completion package. */
import type { CommandNode, OptionNode } from '../command-tree.js'
import { type Candidates, candidatesOf } from './candidates.js'

export function bashCompletion(commands: readonly CommandNode[]): string {
  const values = new Map<string, string[]>()
  for (const { name, options } of commands)
    for (const option of options)
      if (option.value !== undefined)
        for (const flag of option.names) {
          const action = actionOf(candidatesOf(option.value, option.choices))
          values.set(action, [...(values.get(action) ?? []), `${name}:${flag}`])
        }
  return `# bash completion for vipair, made by: vipair completion bash
_vipair_offer() {
  local one
  while IFS= read -r one; do
    [[ $one == "$cur"* ]] && COMPREPLY+=("$one")
  done
}
_vipair_names() {
  "\${words[0]}" names "$@" "\${runtime[@]}" 2>/dev/null
}
_vipair() {
  local cur prev words cword i command options='' valued='' operands=() runtime=()
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n : cur prev words cword
  else
    words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
    cur=\${words[cword]} prev=\${words[cword - 1]}
  fi
  COMPREPLY=()
  command=\${words[1]-}
  if ((cword == 1)); then
    _vipair_offer < <(printf '%s\\n' ${[...commands.map(({ name }) => name), '--help', '--version'].join(' ')})
    return
  fi
  case $command in
${commands.map(commandCase).join('\n')}
    *) return ;;
  esac
  for ((i = 2; i < cword; i++)); do
    case \${words[i]} in
      --runtime-dir) runtime=("\${words[i]}" "\${words[i + 1]-}"); i=$((i + 1)) ;;
      -*) if [[ " $valued " == *" \${words[i]} "* ]]; then i=$((i + 1)); fi ;;
      *) operands+=("\${words[i]}") ;;
    esac
  done
  case $command:$prev in
${[...values].map(([action, places]) => `    ${places.join(' | ')}) ${action}; return ;;`).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    _vipair_offer < <(printf '%s\\n' $options)
    return
  fi
  case $command:\${#operands[@]} in
${commands.flatMap(operandCases).join('\n')}
  esac
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
complete -F _vipair vipair
`
}

const namesOf = (options: readonly OptionNode[]): string => options.flatMap(({ names }) => names).join(' ')

const commandCase = ({ name, options }: CommandNode): string =>
  `    ${name}) options='${namesOf(options)}' valued='${namesOf(options.filter(({ value }) => value !== undefined))}' ;;`

const operandCases = ({ name, arguments: places }: CommandNode): readonly string[] =>
  places.flatMap((place, i) => {
    const action = actionOf(candidatesOf(place.name, place.choices))
    return action === ':' ? [] : [`    ${name}:${i}) ${action} ;;`]
  })

function actionOf(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `_vipair_offer < <(printf '%s\\n' ${candidates.words.join(' ')})`
    case 'routers':
    case 'services':
      return `_vipair_offer < <(_vipair_names ${candidates.kind})`
    case 'servers':
      return `_vipair_offer < <(_vipair_names servers "\${operands[0]-}")`
    case 'file':
      return `compopt -o filenames 2>/dev/null; _vipair_offer < <(compgen -f -- "$cur")`
    case 'directory':
      return `compopt -o filenames 2>/dev/null; _vipair_offer < <(compgen -d -- "$cur")`
    case 'anything':
      return ':'
  }
}
