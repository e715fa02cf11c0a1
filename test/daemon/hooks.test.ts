/** A whole daemon in a network namespace that tells real programs and a real web server what happens. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HookMessage } from '../../src/hooks/message.js'
import { eventually } from '../platform/eventually.js'
import { createNamespace, type Namespace } from '../platform/namespace.js'
import { Pair, until } from './directors.js'
import { RunningDaemon } from './running.js'

/** Answers with the status in a file; writes each body as a line to another one. */
const receiver = `
  const { appendFileSync, readFileSync } = require('node:fs')
  const [directory] = process.argv.slice(1)
  require('node:http').createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => { text += chunk })
    request.on('end', () => {
      const status = Number(readFileSync(directory + '/status', 'utf8'))
      appendFileSync(directory + '/' + (status === 200 ? 'taken' : 'refused'), text + '\\n')
      response.writeHead(status).end()
    })
  }).listen(9000, '127.0.0.1', () => appendFileSync(directory + '/listening', ''))
`

describe('daemon/hooks', function () {
  this.timeout(120_000)

  let directory = ''
  let namespace: Namespace
  let daemon: RunningDaemon
  const ends: (() => void)[] = []
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-hooked-'))
    chmodSync(directory, 0o755)
    mkdirSync(at('out'))
    chmodSync(at('out'), 0o1777)
    namespace = createNamespace()
    namespace.ip('link add d0 type bridge')
    namespace.ip('addr add 10.9.0.1/24 dev d0')
    namespace.ip('link set d0 up')
    writeFileSync(at('status'), '200')
    const child = namespace.enter(() => spawn(process.execPath, ['-e', receiver, directory]))
    ends.push(() => child.kill('SIGKILL'))
    await eventually('the receiver listens', () => existsSync(at('listening')))
  })
  afterEach(async () => {
    await daemon.stop()
    for (const end of ends.splice(0)) end()
    namespace.close()
    rmSync(directory, { recursive: true })
  })
  const at = (name: string): string => join(directory, name)
  const script = (name: string, body: string): string => {
    writeFileSync(at(name), `#!/bin/sh\n${body}\n`)
    chmodSync(at(name), 0o755)
    return at(name)
  }
  const messages = (file: string): readonly HookMessage[] =>
    existsSync(at(file))
      ? readFileSync(at(file), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line))
      : []
  const states = (file: string): readonly string[] =>
    messages(file).map(({ type, subject, before, state }) => `${type} ${subject} ${before} ${state}`)
  const run = (...hooks: readonly string[]): void => {
    daemon = new RunningDaemon(
      namespace,
      'lb1',
      `
[[director]]
name = "lb1"
address = "10.9.0.1"
[[virtual_router]]
name = "front"
vrid = 51
addresses = ["10.9.0.100/24"]
transport = "multicast"
advertisement_interval = "50ms"
track = [{ file = "${at('up')}", interval = "100ms" }]
${hooks.map((hook) => `[[hook]]\n${hook}`).join('\n')}
`,
    )
  }
  const url = 'url = "http://127.0.0.1:9000/"'
  const rises = (numbers: readonly number[]): boolean =>
    numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))
  /** A router is in fault until the file has been looked at. */
  const roles = [
    'router.role front fault backup',
    'router.role front backup active',
    'router.role front active fault',
  ]
  const processOf = async (name: string): Promise<number> =>
    (await daemon.status()).processes.find((process) => process.name === name)?.pid ?? 0

  it('tells a web address and a program of another user what becomes of the router, to the end', async () => {
    const page = script(
      'page',
      `cat >> ${at('out/page')}; id -un >> ${at('out/who')}; echo "$VIPAIR_STATE" >> ${at('out/state')}`,
    )
    writeFileSync(at('up'), '')
    run(`on = ["*"]\n${url}`, `on = ["router.role"]\ncommand = ["${page}"]\nuser = "games"`)
    await daemon.until(({ state }) => state === 'active')
    rmSync(at('up'))
    await daemon.until(({ state }) => state === 'fault')
    await eventually('both were told', () =>
      [states('taken'), states('out/page')].every((told) => told.at(-1) === roles[2]),
    )
    await until('the status says so', async () => {
      const { hooks } = await daemon.status()
      return hooks.every(({ last }) => last?.failure === null) || undefined
    })
    await daemon.stop()
    daemon = { stop: async () => {} } as RunningDaemon
    const told = states('taken')
    equal(told[0], 'director.state lb1 null running')
    ok(told.includes('director.state lb1 running leaving'), told.join('\n'))
    // What is followed by something newer before it can be told is left out.
    for (const line of states('out/page')) ok(roles.includes(line) || / initialize/.test(line), line)
    match(readFileSync(at('out/who'), 'utf8'), /^(games\n)+$/)
    match(readFileSync(at('out/state'), 'utf8'), /fault\n/)
    for (const file of ['taken', 'out/page']) {
      ok(rises(messages(file).map(({ generation }) => generation)))
      for (const message of messages(file)) equal(message.director, 'lb1')
    }
    // It may begin in fault as well: the file has not been looked at yet.
    const text = messages('taken').findLast(({ state }) => state === 'fault')?.text
    match(text ?? '', /^front: active -> fault, track file .* down: does not exist$/)
  })

  it('tells the latest state, once, when the web address takes events again, and says meanwhile what is wrong', async () => {
    writeFileSync(at('up'), '')
    writeFileSync(at('status'), '503')
    run(`on = ["router.role"]\n${url}`)
    await daemon.until(({ state }) => state === 'active')
    for (const state of ['fault', 'active', 'fault', 'active']) {
      if (state === 'fault') rmSync(at('up'))
      else writeFileSync(at('up'), '')
      await daemon.until((router) => router.state === state)
    }
    let warnings: readonly string[] = []
    for (let i = 0; i < 200 && !warnings.some((line) => line.startsWith('hook ')); i++) {
      warnings = (await daemon.status()).warnings
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    match(
      warnings.join('\n'),
      /hook 127\.0\.0\.1 has failed \d+ times in a row, and 1 events wait: status 503, expected 200-299/,
    )
    writeFileSync(at('status'), '200')
    await eventually('it was told', () => messages('taken').length > 0, 60_000)
    const [last] = messages('taken')
    deepEqual([last?.before, last?.state, messages('taken').length], ['backup', 'active', 1])
    ok((last?.superseded ?? 0) >= 4, `${last?.superseded}`)
    match(daemon.output, /hook 127\.0\.0\.1: status 503, expected 200-299; trying again/)
    await eventually('it says so', () => /hook 127\.0\.0\.1: works again/.test(daemon.output))
  })

  it('a killed process of either kind is followed by one that tells what is left, and no more', async () => {
    writeFileSync(at('up'), '')
    const slow = script('slow', `cat > ${at('out/begun')}; exec sleep 300`)
    run(`on = ["router.role"]\n${url}`, `on = ["router.role"]\ncommand = ["${slow}"]\ntimeout = "4m"`)
    await daemon.until(({ state }) => state === 'active')
    await eventually('the first was told', () => states('taken').at(-1) === roles[1])
    const before = states('taken').length
    await eventually('the second hangs', () => existsSync(at('out/begun')))
    writeFileSync(at('status'), '503')
    rmSync(at('up'))
    await daemon.until(({ state }) => state === 'fault')
    await eventually('it is refused', () => messages('refused').length > 0)
    for (const name of ['hooks', 'programs']) process.kill(await processOf(name), 'SIGKILL')
    writeFileSync(at('status'), '200')
    await eventually('it was told of the rest', () => states('taken').length > before, 60_000)
    deepEqual(states('taken').slice(before), [roles[2]])
    ok(rises(messages('taken').map(({ generation }) => generation)))
    equal((await daemon.status()).virtualRouters[0]?.state, 'fault')
  })
})

describe('daemon/hooks of a pair', function () {
  this.timeout(120_000)

  let pair: Pair
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-hooked-'))
    chmodSync(directory, 0o1777)
  })
  afterEach(async () => {
    await pair.close()
    rmSync(directory, { recursive: true })
  })

  it('a hook that a reload brings hears what is so, then of a handover, a refused reload and the peer', async () => {
    const out = join(directory, 'told')
    pair = new Pair()
    const { lb1, lb2 } = pair
    await pair.start()
    await until('the peer is known', async () => (await lb1.status())?.peer?.reachable || undefined)
    const more = `[[hook]]\nname = "all"\non = ["*"]\ncommand = ["/usr/bin/tee", "-a", "${out}"]`
    pair.write({ more })
    equal((await lb1.post('/v1/reload')).status, 200)
    const told = (): readonly string[] =>
      existsSync(out)
        ? readFileSync(out, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line))
            .map(({ type, subject, state }: HookMessage) => `${type} ${subject} ${state}`)
        : []
    const has = (...lines: readonly string[]): Promise<void> =>
      eventually(lines.join(), () => lines.every((line) => told().includes(line)))
    await has(
      'director.state lb1 running',
      'router.role front active',
      'peer.link lb2 reachable',
      'config.reload config applied',
    )
    ok(!told().includes('router.role front backup'), 'what is no longer so')

    equal((await lb1.post('/v1/handover')).status, 200)
    await has('router.handover front done', 'router.role front backup')
    writeFileSync(lb1.configFile, 'nonsense')
    equal((await lb1.post('/v1/reload')).status, 422)
    await has('config.reload config refused')
    await lb2.end('SIGKILL')
    await has('peer.link lb2 unreachable')
    await lb1.untilState('active')
    equal((await lb1.status())?.hooks[0]?.failed, 0)
  })
})
