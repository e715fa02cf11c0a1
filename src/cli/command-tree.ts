/** The commands as data: what completion scripts and the manual are made of. */
import type { Command } from 'commander'
import { examples } from './examples.js'

export interface ArgumentNode {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly choices: readonly string[]
}

export interface OptionNode {
  /** As help shows it: `-n, --last <number>`. */
  readonly flags: string
  /** `-n` and `--last`. */
  readonly names: readonly string[]
  readonly description: string
  /** What its value is called; undefined: it takes none. */
  readonly value: string | undefined
  readonly choices: readonly string[]
  /** In words; undefined: none worth telling. */
  readonly fallback: string | undefined
}

export interface CommandNode {
  readonly name: string
  readonly summary: string
  readonly arguments: readonly ArgumentNode[]
  readonly options: readonly OptionNode[]
  readonly examples: readonly Example[]
}

/** A command as typed, and what for. */
export type Example = readonly [line: string, purpose: string]

/** What a person sees of the program; hidden commands are left out. */
export function commandTree(program: Command): readonly CommandNode[] {
  const help = program.createHelp()
  return help
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help')
    .map((command) => ({
      name: command.name(),
      summary: command.description(),
      arguments: command.registeredArguments.map((argument) => ({
        name: argument.name(),
        description: argument.description,
        required: argument.required,
        choices: argument.argChoices ?? [],
      })),
      options: help.visibleOptions(command).map((option) => ({
        flags: option.flags,
        names: [option.short, option.long].filter((name) => name !== undefined),
        description: option.description,
        value: /[<[]([\w-]+)/.exec(option.flags)?.[1],
        choices: option.argChoices ?? [],
        fallback: fallbackOf(option.defaultValueDescription, option.defaultValue),
      })),
      examples: examples[command.name()] ?? [],
    }))
}

function fallbackOf(words: string | undefined, value: unknown): string | undefined {
  if (words !== undefined) return words
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : undefined
}
