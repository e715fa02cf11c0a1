/** The servers that are checked: one nginx that answers on every address, and counts. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabProcess } from '../../lab/lab-process.js'
import { run } from '../../lab/shell-command.js'

export const serversEach = 100
const countersPort = 8079

/** By number, in 10.64.0.0/12. */
export const serverAddress = (n: number): string =>
  `10.${64 + Math.floor(n / 25_500)}.${Math.floor(n / serversEach) % 255}.${(n % serversEach) + 1}`

export interface Scene {
  readonly folder: string
  /** Connections that the servers have accepted, and requests that they have answered, so far. */
  counters(): Promise<{ readonly accepted: number; readonly requests: number }>
  stop(): Promise<unknown>
}

/** In this network namespace, whose loopback it brings up. */
export async function startScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'vipair-checks-'))
  await run(['ip', 'link', 'set', 'lo', 'up'])
  await run(['ip', 'route', 'add', 'local', '10.64.0.0/12', 'dev', 'lo'])
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr emerg;
events { worker_connections 8192; multi_accept on; }
http {
  access_log off;
  keepalive_timeout 0;
  server { listen 80 backlog=8192; location / { return 200 "fine\\n"; } }
  server { listen 127.0.0.1:${countersPort}; location / { stub_status; } }
}
`,
  )
  const nginx = new LabProcess('nginx', ['nginx', '-e', 'stderr', '-c', file], {
    log: join(folder, 'nginx.log'),
  })
  const read = async () => {
    const page = await (await fetch(`http://127.0.0.1:${countersPort}/`)).text()
    const [accepted, , requests] = /(\d+) (\d+) (\d+)/.exec(page)?.slice(1).map(Number) ?? []
    return { accepted: accepted ?? Number.NaN, requests: requests ?? Number.NaN }
  }
  const limit = performance.now() + 20_000
  for (;;) {
    try {
      await read()
      return { folder, counters: read, stop: () => nginx.stop() }
    } catch (error) {
      if (!nginx.running || performance.now() > limit)
        throw new Error('nginx does not start', { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
