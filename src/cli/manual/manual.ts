/** `vipair manual PAGE`, which the build asks. */
import { jsonSchema } from '../../config/json-schema.js'
import type { CommandNode } from '../command-tree.js'
import { commandsPage } from './commands-page.js'
import { filePage } from './file-page.js'

export const manualPage = (page: string, commands: readonly CommandNode[], version: string): string =>
  page === 'vipair.toml.5' ? filePage(jsonSchema, version) : commandsPage(commands, version)
