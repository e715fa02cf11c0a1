/**
 * Real directors in network namespaces of their own, on one bridge with a client: the daemon as it is
 * installed, without services, for no kernel module is needed then.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DirectorStatus } from '../../src/base/status.js'
import { createNamespace, type Namespace } from '../platform/namespace.js'

const program = fileURLToPath(new URL('../../../bin/vipair', import.meta.url))
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url))

export const virtualAddress = '10.9.0.100'

export interface FileOptions {
  /** Lines of the router `front`. */
  readonly front?: string
  /** After everything else. */
  readonly more?: string
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Window {
  readonly sent: number
  readonly lost: number
  /** Longest hole between answers, ms. */
  readonly gap: number
  /** Who answered last. */
  readonly last: string
}

/** Polls until `find` answers something; fails with what it saw last. */
export async function until<T>(
  what: string,
  find: () => Promise<T | undefined>,
  limitMs = 15_000,
): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`still not so after ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export class Director {
  readonly configFile: string
  readonly runtimeDir: string
  readonly lines: string[] = []
  private daemon: ChildProcess | undefined

  constructor(
    readonly name: string,
    readonly namespace: Namespace,
    folder: string,
  ) {
    this.configFile = join(folder, `${name}.toml`)
    this.runtimeDir = join(folder, name)
  }

  /** `inside`: words before the program's own, which run it in their own way. */
  start(inside: readonly string[] = []): void {
    const [first = '', ...words] = [...inside, process.execPath, program, 'run', ...this.options]
    const daemon = this.namespace.enter(() => spawn(first, words, { stdio: ['ignore', 'ignore', 'pipe'] }))
    daemon.stderr?.on('data', (chunk: Buffer) => this.lines.push(...chunk.toString().trimEnd().split('\n')))
    this.daemon = daemon
  }

  get pid(): number {
    const pid = this.daemon?.pid
    if (pid === undefined) throw new Error(`${this.name} is not running`)
    return pid
  }

  /** Ends it with a signal and waits until it is gone; answers its exit status. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const daemon = this.daemon
    this.daemon = undefined
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return null
    const gone = once(daemon, 'exit')
    daemon.kill(signal)
    const [status] = (await gone) as [number | null]
    return status
  }

  /** A command of the program, as a person types it. */
  command(...words: string[]): Promise<{ status: number; out: string; error: string }> {
    return new Promise((resolve) => {
      this.namespace.enter(() =>
        execFile(process.execPath, [program, ...words, ...this.options], (failure, out, error) =>
          resolve({ status: failure ? Number(failure.code) : 0, out, error }),
        ),
      )
    })
  }

  async ask(method: string, path: string, body?: string): Promise<Answer> {
    const { status, text } = await this.request(method, path, body)
    return { status, body: JSON.parse(text) }
  }

  get(path: string): Promise<{ status: number; text: string }> {
    return this.request('GET', path)
  }

  private request(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const socketPath = join(this.runtimeDir, 'control.sock')
      const call = request({ socketPath, method, path, timeout: 10_000 }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      call.on('error', reject)
      call.end(body)
    })
  }

  post(path: string, body: object = {}): Promise<Answer> {
    return this.ask('POST', path, JSON.stringify(body))
  }

  async status(): Promise<DirectorStatus | undefined> {
    const answer = await this.ask('GET', '/v1/status').catch(() => undefined)
    return answer?.status === 200 ? (answer.body as unknown as DirectorStatus) : undefined
  }

  /** Waits until all its routers are in this state, and answers the status. */
  async untilState(state: string, more: (status: DirectorStatus) => boolean = () => true) {
    let seen: DirectorStatus | undefined
    return until(`${this.name} is ${state}`, async () => {
      if (this.daemon?.exitCode !== null) throw new Error(`${this.name} has ended`)
      seen = await this.status()
      const all = seen?.virtualRouters ?? []
      return seen && all.length > 0 && all.every((router) => router.state === state) && more(seen)
        ? seen
        : undefined
    }).catch((error: unknown) => {
      const texts = seen?.virtualRouters.map(({ name, state, reason }) => `${name} ${state}: ${reason}`)
      throw new Error(`${String(error)}; ${texts?.join(', ')}\n${this.lines.slice(-20).join('\n')}`)
    })
  }

  /** The addresses on its interface, its own left out. */
  addresses(): string[] {
    const text = this.namespace.ip('-o -4 addr show dev eth0')
    return [...text.matchAll(/inet (\S+)/g)]
      .map(([, address = '']) => address)
      .filter((each) => !/\.1[12]\//.test(each))
  }

  pidOf = async (process: string): Promise<number> => {
    const status = await this.status()
    const pid = status?.processes.find(({ name }) => name === process)?.pid
    if (typeof pid !== 'number') throw new Error(`${this.name} has no process ${process}`)
    return pid
  }

  private get options(): string[] {
    return ['--config', this.configFile, '--director', this.name, '--runtime-dir', this.runtimeDir]
  }
}

export class Pair {
  readonly lb1: Director
  readonly lb2: Director
  private readonly folder = mkdtempSync(join(tmpdir(), 'vipair-test-'))
  /** With 10.9.0.1 on the bridge `br0` that joins them. */
  readonly client = createNamespace()
  private readonly helpers: ChildProcess[] = []
  private load: ChildProcess | undefined

  constructor(options: FileOptions = {}) {
    writeFileSync(
      join(this.folder, 'pair.key'),
      `${Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64')}\n`,
      {
        mode: 0o600,
      },
    )
    this.client.ip('link add br0 type bridge')
    this.client.ip('addr add 10.9.0.1/24 dev br0')
    this.client.ip('link set br0 up')
    this.lb1 = this.director('lb1', '10.9.0.11')
    this.lb2 = this.director('lb2', '10.9.0.12')
    this.write(options)
  }

  /** The same file for both, as it should be; or for one. */
  write({ front = '', more = '' }: FileOptions, ...directors: readonly Director[]): void {
    const text = `
[[director]]
name = "lb1"
address = "10.9.0.11"
[[director]]
name = "lb2"
address = "10.9.0.12"
[pair]
key_file = "${join(this.folder, 'pair.key')}"
[[virtual_router]]
name = "front"
vrid = 51
${front.includes('addresses') ? '' : `addresses = ["${virtualAddress}/24"]`}
${front}
${more}
`
    for (const { configFile } of directors.length > 0 ? directors : [this.lb1, this.lb2])
      writeFileSync(configFile, text)
  }

  /** Both run, lb1 is Active and lb2 has heard it. */
  async start(): Promise<void> {
    this.lb1.start()
    await this.lb1.untilState('active')
    this.lb2.start()
    await this.lb2.untilState(
      'backup',
      ({ virtualRouters, peer }) =>
        virtualRouters.every(({ active }) => active === 'lb1' || active === '10.9.0.11') &&
        peer?.reachable === true,
    )
    await this.lb1.untilState('active', ({ peer }) => peer?.reachable === true)
  }

  /** The client's datagrams run and are answered. */
  async startLoad(): Promise<void> {
    for (const { name, namespace } of [this.lb1, this.lb2]) {
      const echo = namespace.enter(() =>
        spawn(process.execPath, [fixture('udp-echo'), name], { stdio: ['pipe', 'pipe', 'inherit'] }),
      )
      this.helpers.push(echo)
      await once(echo.stdout, 'data')
    }
    const load = this.client.enter(() =>
      spawn(process.execPath, [fixture('udp-client'), virtualAddress], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    this.load = load
    this.helpers.push(load)
    await until('the client is answered', async () => ((await this.window()).last === '' ? undefined : true))
    await this.window()
  }

  /** Closes the client's window, which began when the one before was closed. */
  async window(): Promise<Window> {
    const { load } = this
    if (!load?.stdin || !load.stdout) throw new Error('the load is not running')
    load.stdin.write('mark\n')
    const [text] = (await once(load.stdout, 'data')) as [Buffer]
    return JSON.parse(text.toString()) as Window
  }

  /** Windows until one ends with this director's answer, as one: the client hears of a move a moment after us. */
  async windowsUntil(last: string): Promise<Window> {
    let all: Window = { sent: 0, lost: 0, gap: 0, last: '' }
    return until(`${last} answers the client`, async () => {
      const next = await this.window()
      const gap = Math.max(all.gap, next.gap)
      all = { sent: all.sent + next.sent, lost: all.lost + next.lost, gap, last: next.last }
      return next.last === last ? all : undefined
    })
  }

  /** What the client gets who opens a TCP connection to a port where nobody listens. */
  knock(address: string): Promise<'refused' | 'silence'> {
    const script = `exec 3<>/dev/tcp/${address}/9`
    return new Promise((resolve, reject) => {
      this.client.enter(() =>
        execFile('timeout', ['2', 'bash', '-c', script], (failure, _, error) => {
          if (/refused/.test(error)) resolve('refused')
          else if (failure?.code === 124) resolve('silence')
          else reject(new Error(`${failure?.code}: ${error}`))
        }),
      )
    })
  }

  async close(): Promise<void> {
    for (const director of [this.lb1, this.lb2]) await director.end('SIGKILL')
    for (const helper of this.helpers) {
      const gone = helper.exitCode === null ? once(helper, 'exit') : undefined
      helper.kill('SIGKILL')
      await gone
    }
    for (const each of [this.lb1.namespace, this.lb2.namespace, this.client]) each.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private director(name: string, address: string): Director {
    const namespace = createNamespace()
    namespace.ip(`link add eth0 type veth peer name ${name} netns ${this.client.path}`)
    namespace.ip(`addr add ${address}/24 dev eth0`)
    namespace.ip('link set eth0 up')
    this.client.ip(`link set ${name} master br0`)
    this.client.ip(`link set ${name} up`)
    return new Director(name, namespace, this.folder)
  }
}
