/** Server-sent events of the daemon, over its stops and starts. */
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { NoDaemonError } from './control-client.js'

/** Between two looks for a daemon that is gone, ms. */
const lookAgain = 500

export interface StreamListener {
  readonly onEvent: (data: string) => void
  /** The daemon is gone, and waited for. Called once for each time. */
  readonly onLost: () => void
}

/**
 * Calls back with each event until `signal`. A daemon that goes is waited for, and asked for what came meanwhile.
 * Throws `NoDaemonError` when there is none at first, `Error` when one refuses.
 */
export async function followDaemon(
  runtimeDir: string,
  path: string,
  { onEvent, onLost }: StreamListener,
  signal: AbortSignal,
): Promise<void> {
  let heard: string | undefined
  let [connected, told] = [false, false]
  while (!signal.aborted) {
    try {
      await streamOnce(
        join(runtimeDir, 'control.sock'),
        path,
        heard,
        signal,
        () => {
          connected = true
          told = false
        },
        (id, data) => {
          heard = id ?? heard
          onEvent(data)
        },
      )
    } catch (error) {
      if (!(connected && isGone(error))) throw error
    }
    if (signal.aborted) return
    if (!told) onLost()
    told = true
    await pause(lookAgain, undefined, { signal }).catch(() => {})
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof NoDaemonError || (error instanceof Error && 'code' in error && error.code === 'ECONNRESET')

/** Resolves when the daemon ends the stream. */
function streamOnce(
  socketPath: string,
  path: string,
  heard: string | undefined,
  signal: AbortSignal,
  onConnected: () => void,
  onEvent: (id: string | undefined, data: string) => void,
): Promise<void> {
  const headers = {
    accept: 'text/event-stream',
    ...(heard === undefined ? {} : { 'last-event-id': heard }),
  }
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, headers, signal }, (response) => {
      response.setEncoding('utf8')
      response.on('error', () => resolve())
      response.on('end', () => resolve())
      if (response.statusCode !== 200) {
        let text = ''
        response.on('data', (chunk: string) => {
          text = (text + chunk).slice(0, 10_000)
        })
        response.on('end', () => reject(new Error(refusalOf(text))))
        return
      }
      onConnected()
      const parser = new EventParser(onEvent)
      response.on('data', (chunk: string) => parser.feed(chunk))
    })
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) resolve()
      else if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
        reject(new NoDaemonError(`no daemon listens on ${socketPath}`))
      else if (error.code === 'EACCES')
        reject(new Error(`${socketPath}: permission denied (control.group may help)`))
      else reject(error)
    })
    call.end()
  })
}

function refusalOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    return String(error)
  } catch {
    return 'the daemon refused, and did not say why'
  }
}

/** What of https://html.spec.whatwg.org/multipage/server-sent-events.html the daemon sends. */
class EventParser {
  private text = ''
  private id: string | undefined
  private data: string[] = []

  constructor(private readonly onEvent: (id: string | undefined, data: string) => void) {}

  feed(chunk: string): void {
    const lines = (this.text + chunk).split('\n')
    this.text = lines.pop() ?? ''
    for (const line of lines) this.line(line)
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length > 0) this.onEvent(this.id, this.data.join('\n'))
      this.data = []
    } else if (line.startsWith('id: ')) this.id = line.slice(4)
    else if (line.startsWith('data: ')) this.data.push(line.slice(6))
  }
}
