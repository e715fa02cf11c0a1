/** `vipair completion SHELL`: a script for each shell, made of the commands. */
import type { CommandNode } from '../command-tree.js'
import { bashCompletion } from './bash.js'
import { fishCompletion } from './fish.js'
import { zshCompletion } from './zsh.js'

export const completionFor = (shell: string, commands: readonly CommandNode[]): string =>
  shell === 'bash'
    ? bashCompletion(commands)
    : shell === 'zsh'
      ? zshCompletion(commands)
      : fishCompletion(commands)
