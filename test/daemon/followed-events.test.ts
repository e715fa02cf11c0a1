/** Real directors without services: what happened is followed, listed, and there again after a restart. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ToldEvent } from '../../src/base/events.js'
import { journalName } from '../../src/daemon/journal/journal.js'
import { eventually } from '../platform/eventually.js'
import { type Director, Pair, until } from './directors.js'

const program = fileURLToPath(new URL('../../../bin/vipair', import.meta.url))

const eventsOf = (text: string): readonly ToldEvent[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

const shown = ({ type, subject, before, state }: ToldEvent): string => `${type} ${subject} ${before} ${state}`

const rises = (events: readonly ToldEvent[]): boolean =>
  events.every(({ generation }, i) => i === 0 || generation > (events[i - 1]?.generation ?? 0))

/** `vipair events --follow` as a person has it. */
class Follower {
  out = ''
  error = ''
  private readonly process: ChildProcess

  constructor(director: Director, ...words: readonly string[]) {
    const all = [program, 'events', '--follow', '--runtime-dir', director.runtimeDir, ...words]
    this.process = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.out += chunk.toString()
    })
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.error += chunk.toString()
    })
  }

  get events(): readonly ToldEvent[] {
    return eventsOf(this.out.slice(0, this.out.lastIndexOf('\n') + 1))
  }

  hears(...lines: readonly string[]): Promise<void> {
    return eventually(`${lines.join()} is heard`, () => {
      const heard = this.events.map(shown)
      return lines.every((line) => heard.includes(line))
    })
  }

  async end(): Promise<void> {
    const gone = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await gone
  }
}

describe('daemon/events, followed', function () {
  this.timeout(120_000)

  let pair: Pair
  const followers: Follower[] = []
  beforeEach(() => {
    pair = new Pair()
  })
  afterEach(async () => {
    for (const follower of followers.splice(0)) await follower.end()
    await pair.close()
  })
  const follow = (director: Director, ...words: readonly string[]): Follower => {
    const follower = new Follower(director, ...words)
    followers.push(follower)
    return follower
  }
  const list = async (director: Director, ...words: readonly string[]): Promise<readonly ToldEvent[]> => {
    const { status, out, error } = await director.command('events', '--json', ...words)
    equal(status, 0, error)
    return eventsOf(out)
  }

  it('a failover, a kill -9 of the daemon and its return are followed, with reasons, each once', async () => {
    const { lb1, lb2 } = pair
    await pair.start()
    const [there, here] = [follow(lb2, '--json'), follow(lb1, '--json')]
    await there.hears('director.state lb2 null running', 'peer.link lb1 null reachable')
    await here.hears('router.role front backup active')
    await lb1.end('SIGKILL')
    await there.hears('router.role front backup active', 'peer.link lb1 reachable unreachable')
    const took = there.events.findLast(({ type }) => type === 'router.role')
    match(took?.text ?? '', /^front: backup -> active, .*lb1/)
    await eventually('the follower says that it waits', () => /the daemon is gone/.test(here.error))

    lb1.start()
    const starting = () => here.events.filter(({ type }) => type === 'director.state')
    await eventually('its new start is heard', () => starting().length > 1)
    await there.hears('peer.link lb1 unreachable reachable')
    const starts = starting()
    deepEqual(starts.map(shown), ['director.state lb1 null running', 'director.state lb1 null running'])
    match(starts[1]?.reason ?? '', /; the daemon before it ended without leaving$/)
    for (const { events } of [here, there]) {
      ok(rises(events))
      for (const { reason, type } of events) ok(reason !== '', type)
    }
    // What the follower has, and nothing else, is kept.
    const kept = await list(lb1)
    deepEqual(kept.slice(0, here.events.length), here.events.slice(0, kept.length))
    equal(here.error, 'vipair: the daemon is gone; waiting for it\n')
  })

  it('an orderly restart, a torn line and a date set back leave the order as it is', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    await lb1.end('SIGTERM')
    const file = join(lb1.runtimeDir, journalName)
    const before = readFileSync(file, 'utf8')
    match(before.trimEnd().split('\n').at(-1) ?? '', /"state":"(leaving|initialize)"/)
    // As if its last event had happened next week.
    const late = {
      id: Date.now() + 7 * 86_400_000,
      at: Date.now(),
      type: 'router.role',
      subject: 'x',
      state: 'fault',
    }
    writeFileSync(file, `${before}${JSON.stringify({ ...late, reason: 'late' })}\n{"id":17638700`)
    lb1.start()
    await lb1.untilState('active')
    match(lb1.lines.join('\n'), /events\.jsonl: the last line was not written to its end, and is dropped/)
    const events = await list(lb1)
    ok(rises(events))
    const starts = events.filter(({ type, state }) => type === 'director.state' && state === 'running')
    equal(starts.length, 2)
    ok(!starts[1]?.reason.includes('without leaving'), starts[1]?.reason)
  })

  it('a state directory that cannot be, or that another daemon has, costs the file and is a warning', async () => {
    const { lb1, lb2 } = pair
    const warned = async (director: Director): Promise<string> =>
      (await director.status())?.warnings.join() ?? ''
    lb1.start(['env', `STATE_DIRECTORY=${lb1.configFile}/below`])
    await lb1.untilState('active')
    match(await warned(lb1), /events are kept in memory only: ENOTDIR/)
    match(lb1.lines.join('\n'), /events are kept in memory only: ENOTDIR/)
    const roles = await list(lb1, '--type', 'router.role', '--last', '1')
    deepEqual(roles.map(shown), ['router.role front backup active'])
    await lb1.end('SIGTERM')

    const shared = ['env', `STATE_DIRECTORY=${join(lb1.runtimeDir, 'shared')}`]
    lb1.start(shared)
    await lb1.untilState('active')
    equal(await warned(lb1), '')
    const { pid } = lb1
    lb2.start(shared)
    await lb2.untilState('backup')
    match(
      await warned(lb2),
      new RegExp(`events are kept in memory only: process ${pid} writes its events to `),
    )
  })

  it('lists so many, of these types, in lines without colours for a pipe, and refuses what it does not know', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    const roles = await list(lb1, '--type', 'router.role', 'peer.link', '--last', '1')
    deepEqual(roles.map(shown), ['router.role front backup active'])
    const { out } = await lb1.command('events')
    match(
      out,
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}director\.state {3}lb1: running, vipair \S+, config \S+$/m,
    )
    match(out, /router\.role {6}front: backup -> active, \S/)
    equal((await lb1.command('events', '--type', 'router.colour')).status, 2)
    const asked = async (path: string) => (await lb1.get(path)).status
    deepEqual(
      await Promise.all(
        ['?last=x', '?type=x', '?since=-1', '?colour=1'].map((query) => asked(`/v1/events${query}`)),
      ),
      [400, 400, 400, 400],
    )
    equal(await asked('/v1/status?since=1'), 404)
    await lb1.end('SIGKILL')
    equal((await lb1.command('events')).status, 3)
    equal((await lb1.command('events', '--follow')).status, 3)
  })

  it('a client that comes back gets what it missed, and no more than sixteen follow', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    const [first, ...rest] = await list(lb1)
    const socketPath = join(lb1.runtimeDir, 'control.sock')
    const stream = (headers: Readonly<Record<string, string>>) =>
      new Promise<{ status: number; text: () => string; end: () => void }>((resolve, reject) => {
        const accept = 'text/event-stream'
        const call = request(
          { socketPath, path: '/v1/events', headers: { accept, ...headers } },
          (response) => {
            let text = ''
            response.on('error', () => {})
            response.on('data', (chunk: Buffer) => {
              text += chunk.toString()
            })
            const status = response.statusCode ?? 0
            resolve({ status, text: () => text, end: () => call.destroy() })
          },
        )
        call.on('error', reject)
        call.end()
      })
    const resumed = await stream({ 'last-event-id': `${first?.generation}` })
    const missed = rest.map((event) => `id: ${event.generation}\ndata: ${JSON.stringify(event)}\n\n`)
    await eventually('it has what it missed', () => resumed.text() === `retry: 1000\n\n${missed.join('')}`)
    const more = await Promise.all(Array.from({ length: 16 }, () => stream({})))
    deepEqual(more.map(({ status }) => status).sort(), [...Array(15).fill(200), 409])
    for (const one of more) one.end()
    resumed.end()
    // They are counted no more once they are gone.
    await until('there is room', async () => {
      const { status, end } = await stream({})
      end()
      return status === 200 || undefined
    })
  })
})
