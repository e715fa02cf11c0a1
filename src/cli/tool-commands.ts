/** What editors, shells and packages ask of the program; two of the commands are hidden, for nobody types them. */
import { Argument, type Command } from 'commander'
import { commandTree } from './command-tree.js'
import { type KindOfNames, kindsOfNames, runNames } from './names.js'

export function addToolCommands(program: Command, version: string, finish: (status: number) => void): void {
  const out = (text: string): void => {
    process.stdout.write(text)
  }
  program
    .command('schema')
    .description('print the JSON Schema of the file, for editors')
    .action(async () => {
      const { jsonSchema } = await import('../config/json-schema.js')
      out(`${JSON.stringify(jsonSchema, null, 2)}\n`)
    })
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: string) => {
      const { completionFor } = await import('./completion/completion.js')
      out(completionFor(shell, commandTree(program)))
    })
  // What the build asks.
  program
    .command('manual', { hidden: true })
    .addArgument(new Argument('<page>').choices(['vipair.1', 'vipair.toml.5']))
    .action(async (page: string) => {
      const { manualPage } = await import('./manual/manual.js')
      out(manualPage(page, commandTree(program), version))
    })
  // What completion scripts ask.
  program
    .command('names', { hidden: true })
    .addArgument(new Argument('<kind>').choices(kindsOfNames))
    .argument('[service]')
    .option('--runtime-dir <dir>', '', '/run/vipair')
    .action(async (kind: KindOfNames, service: string | undefined, options: { runtimeDir: string }) =>
      finish(await runNames(options.runtimeDir, kind, service, out)),
    )
}
