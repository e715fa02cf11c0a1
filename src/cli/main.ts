/** The commands a person types. Exit status: 0 done, 1 refused or failed, 2 wrong usage or an invalid file, 3 no daemon. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { eventTypes } from '../base/events.js'
import type { DirectorStatus } from '../base/status.js'
import { getFromDaemon, NoDaemonError } from './control-client.js'
import { firstSteps, helpOf } from './examples.js'
import { type OperateOutput, runHandover, runMaintenance, runReload, runServer } from './operate.js'
import { wantsColor } from './palette.js'
import { runPlan } from './plan.js'
import { type RealServerOptions, runProgram, runRealServer } from './real-server.js'
import { stateDirectory } from './state-directory.js'
import { renderStatus } from './status.js'
import { addToolCommands } from './tool-commands.js'

interface CommonOptions {
  readonly config: string
  readonly director: string
  readonly runtimeDir: string
  readonly json?: boolean
}

const exit = { done: 0, failed: 1, usage: 2, noDaemon: 3 } as const

const packageFile = new URL('../../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }

function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration file', '/etc/vipair/vipair.toml')
    .addOption(
      new Option('--director <name>', 'which director of the file this machine is').default(
        hostname(),
        'the host name',
      ),
    )
    .option('--runtime-dir <dir>', 'where the control socket is', '/run/vipair')
}

async function showStatus(options: CommonOptions): Promise<number> {
  const status = (await getFromDaemon(options.runtimeDir, '/v1/status')) as DirectorStatus
  if (options.json) {
    process.stdout.write(`${JSON.stringify(status, null, 2)}\n`)
    return exit.done
  }
  const color = wantsColor(process.stdout, process.env)
  const lines = renderStatus(status, { width: process.stdout.columns ?? 80, color })
  process.stdout.write(`${lines.join('\n')}\n`)
  return exit.done
}

const outputOf = (options: CommonOptions): OperateOutput => ({
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  json: options.json === true,
})

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65535)
    throw new InvalidArgumentError('a whole number from 0 to 65535 is expected.')
  return value
}

/** IPv4 knows none that carries less (RFC 791). */
function packetSize(text: string): number {
  const value = wholeNumber(text)
  if (value < 576) throw new InvalidArgumentError('at least 576 bytes are expected.')
  return value
}

function addOperatingCommands(program: Command, finish: (status: number) => void): void {
  withCommonOptions(
    program
      .command('plan')
      .description('what a reload would change in the kernel and in the election; touches nothing'),
  )
    .option('--json', 'print JSON')
    .action(async (options: CommonOptions) => finish(await runPlan(options.runtimeDir, outputOf(options))))
  withCommonOptions(
    program.command('reload').description('apply the file to the running daemon, all of it or nothing'),
  )
    .option('--json', 'print JSON')
    .action(async (options: CommonOptions) => finish(await runReload(options.runtimeDir, outputOf(options))))
  withCommonOptions(
    program.command('handover').description('let the peer take over, without losing a packet'),
  )
    .argument('[router]', 'this one and its group; all that are Active here when absent')
    .option('--force', 'also to a peer that does not hold the sessions')
    .option('--json', 'print JSON')
    .action(async (router: string | undefined, options: CommonOptions & { force?: boolean }) =>
      finish(await runHandover(options.runtimeDir, router, options.force === true, outputOf(options))),
    )
  withCommonOptions(
    program
      .command('server')
      .description('drain, quiesce, disable or weigh one real server at run time, until it is enabled'),
  )
    .argument('<service>', 'name of the virtual service')
    .argument('<server>', 'name of the real server in it')
    .addArgument(new Argument('<action>').choices(['drain', 'quiesce', 'enable', 'disable', 'weight']))
    .addArgument(new Argument('[weight]', 'with weight: 0 to 65535').argParser(wholeNumber))
    .option('--reason <text>', 'shown in the status')
    .option('--json', 'print JSON')
    .action(
      async (
        service: string,
        server: string,
        action: string,
        weight: number | undefined,
        options: CommonOptions & { reason?: string },
      ) => {
        if ((action === 'weight') !== (weight !== undefined))
          throw new InvalidArgumentError('a number goes with weight, and with weight only')
        const order = { action, weight, reason: options.reason }
        finish(await runServer(options.runtimeDir, [service, server], order, outputOf(options)))
      },
    )
  withCommonOptions(
    program.command('maintenance').description('step down and stay out of elections until switched off'),
  )
    .addArgument(new Argument('<switch>').choices(['on', 'off']))
    .option('--reason <text>', 'shown in the status')
    .option('--force', 'also when the peer cannot take over, so that nobody is Active')
    .option('--json', 'print JSON')
    .action(async (wanted: string, options: CommonOptions & { reason?: string; force?: boolean }) => {
      const { runtimeDir, reason, force = false } = options
      finish(await runMaintenance(runtimeDir, wanted === 'on', reason, force, outputOf(options)))
    })
}

function addEventsCommand(program: Command, finish: (status: number) => void): void {
  withCommonOptions(program.command('events').description('what happened and why, newest last'))
    .option('-f, --follow', 'go on with what happens; waits for a daemon that is started again')
    .option('-n, --last <number>', 'so many of what is kept', wholeNumber, 100)
    .addOption(new Option('--type <type...>', 'only these').choices(Object.keys(eventTypes)))
    .option('--json', 'print JSON, one object a line')
    .action(async (options: CommonOptions & { follow?: boolean; last: number; type?: readonly string[] }) => {
      const { runEvents } = await import('./events.js')
      const { follow = false, json = false, last, type: types = [], runtimeDir } = options
      const color = wantsColor(process.stdout, process.env)
      const closed = new AbortController()
      process.stdout.once('error', () => closed.abort())
      finish(
        await runEvents(
          runtimeDir,
          { follow, json, last, types, color },
          { ...outputOf(options), closed: closed.signal },
        ),
      )
    })
}

function addRealServerCommand(program: Command, finish: (status: number) => void): void {
  withCommonOptions(
    program
      .command('real-server')
      .description(
        'print what a real server of a service needs for its forwarding method; reads the file only',
      ),
  )
    .argument('<service>', 'a virtual service of the file')
    .option('--server <name>', 'one of its servers, where they need different things')
    .option('--apply', 'do it on this machine')
    .option('--remove', 'undo it')
    .option('--json', 'print JSON')
    .addOption(
      new Option('--mtu <bytes>', 'with a tunnel: the largest packet from the director to the server')
        .argParser(packetSize)
        .default(1500),
    )
    .action(async (service: string, options: CommonOptions & RealServerOptions) =>
      finish(
        await runRealServer(options.config, service, options, {
          out: (text) => process.stdout.write(text),
          error: (text) => process.stderr.write(text),
          run: runProgram,
        }),
      ),
    )
}

function buildProgram(finish: (status: number) => void): Command {
  const program = new Command('vipair')
  program
    .description('Keeps a service address, its IPVS table and its sessions alive on two machines.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(vipair help COMMAND tells its options, with examples)')

  withCommonOptions(program.command('run').description('run the daemon in the foreground'))
    .option('--state-dir <dir>', 'where events are kept ($STATE_DIRECTORY, /var/lib/vipair)')
    .action(async (options: CommonOptions & { stateDir?: string }) => {
      // Loaded here, for the other commands touch neither the network nor native code.
      const { runDaemon } = await import('../daemon/main.js')
      const stateDir = options.stateDir ?? stateDirectory(options.runtimeDir, process.env)
      finish(await runDaemon({ ...options, configFile: options.config, version, stateDir }))
    })
  withCommonOptions(program.command('check').description('name every problem of a file; touches nothing'))
    .option('--json', 'print JSON')
    .action(async (options: CommonOptions) => {
      // Reading files is this command's alone; the others start sooner without it.
      const { runCheck } = await import('./check.js')
      finish(await runCheck(options.config, process.stdout, { json: options.json === true }))
    })
  withCommonOptions(program.command('status').description('who is Active and why, and every server’s health'))
    .option('--json', 'print JSON')
    .action(async (options: CommonOptions) => finish(await showStatus(options)))
  addEventsCommand(program, finish)
  addOperatingCommands(program, finish)
  addRealServerCommand(program, finish)
  withCommonOptions(program.command('keygen').description('make a pair key'))
    .argument('[file]', 'where to put it, mode 0600; standard output when absent')
    .action(async (file: string | undefined) => {
      const { runKeygen } = await import('./keygen.js')
      finish(
        await runKeygen(file, {
          out: (text) => process.stdout.write(text),
          error: (text) => process.stderr.write(text),
        }),
      )
    })
  withCommonOptions(
    program
      .command('release')
      .description('remove from this machine every address that a director put there'),
  )
    .option('--force', 'also while the director runs')
    .action(
      async ({ config: configFile, runtimeDir, force = false }: CommonOptions & { force?: boolean }) => {
        const { runRelease } = await import('../daemon/release.js')
        finish(await runRelease({ configFile, runtimeDir, force }))
      },
    )
  addToolCommands(program, version, finish)
  program.addHelpText('after', firstSteps)
  for (const command of program.commands) command.addHelpText('after', helpOf(command.name()))
  return program
}

async function main(): Promise<number> {
  let status: number = exit.done
  try {
    await buildProgram((result) => {
      status = result
    }).parseAsync()
    return status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage
    if (error instanceof NoDaemonError) {
      process.stderr.write(`vipair: ${error.message}\n`)
      return exit.noDaemon
    }
    process.stderr.write(`vipair: ${error instanceof Error ? error.message : String(error)}\n`)
    return exit.failed
  }
}

// A closed pipe (`vipair status | head`) is the reader's choice, and the command's own answer stands.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  process.stderr.write(`vipair: cannot write the answer: ${error.message}\n`)
  process.exit(exit.failed)
})

process.exitCode = await main()
// What a daemon that could not start has opened must not keep it here: its supervisor waits for the end.
if (process.argv[2] === 'run') process.exit()
