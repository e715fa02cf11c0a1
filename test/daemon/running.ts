/** `vipair run` as a process of its own, in a network namespace, asked through its control socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DirectorStatus, VirtualRouterStatus } from '../../src/base/status.js'
import type { Namespace } from '../platform/namespace.js'

export class RunningDaemon {
  readonly directory = mkdtempSync(join(tmpdir(), 'vipair-run-'))
  output = ''
  private readonly process: ChildProcess
  private readonly ended: Promise<number | null>

  constructor(namespace: Namespace, director: string, config: string) {
    const file = join(this.directory, 'vipair.toml')
    writeFileSync(file, config)
    const words = [
      'bin/vipair',
      'run',
      '--config',
      file,
      '--director',
      director,
      '--runtime-dir',
      this.directory,
    ]
    this.process = namespace.enter(() =>
      spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] }),
    )
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
      })
    this.ended = new Promise((resolve) => {
      this.process.once('exit', resolve)
    })
  }

  /** Its exit status. */
  get exit(): Promise<number | null> {
    return this.ended
  }

  status(): Promise<DirectorStatus> {
    return new Promise((resolve, reject) => {
      const asked = request(
        { socketPath: join(this.directory, 'control.sock'), path: '/v1/status' },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString()
          })
          response.on('end', () => resolve(JSON.parse(text)))
        },
      )
      asked.on('error', reject)
      asked.end()
    })
  }

  /** Resolves with the first router's status once `holds` does; rejects with what was seen last. */
  async until(
    holds: (router: VirtualRouterStatus) => boolean,
    limitMs = 20_000,
  ): Promise<VirtualRouterStatus> {
    const end = performance.now() + limitMs
    let seen: unknown = 'no answer'
    while (performance.now() < end) {
      const status = await this.status().catch((error: unknown) => {
        seen = error
      })
      const [router] = status?.virtualRouters ?? []
      if (router && holds(router)) return router
      if (router) seen = router
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`still not so: ${holds.toString()}\n${JSON.stringify(seen, null, 1)}\n${this.output}`)
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    const hard = setTimeout(() => this.process.kill('SIGKILL'), 15_000)
    await this.ended
    clearTimeout(hard)
    rmSync(this.directory, { recursive: true })
  }
}
