/** What checks the servers: vipair's healthcheck process as the daemon starts it, or keepalived's checkers. */
import { fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabProcess } from '../../lab/lab-process.js'
import { built } from '../../lab/paths.js'
import { processTree } from '../../lab/process-tree.js'
import { readConfig } from '../../src/config/reading.js'
import type { HealthcheckStatus } from '../../src/healthcheck/runtime.js'
import { serverAddress, serversEach } from './scene.js'

export type Kind = 'tcp' | 'http' | 'http by got'

export interface Load {
  readonly kind: Kind
  /** A multiple of `serversEach`. */
  readonly servers: number
  /** Seconds. */
  readonly interval: number
}

export interface Checker {
  /** CPU seconds so far, user and system. */
  cpu(): number
  /** MB. */
  memory(): { readonly rss: number; readonly pss: number }
  /** Of vipair only: what it last reported. */
  status(): HealthcheckStatus | undefined
  /** Of vipair only: other servers, as a reload brings them. */
  replace(load: Load, first: number): void
  stop(): Promise<unknown>
}

export function startVipair(load: Load): Checker {
  const child = fork(built('src/daemon/healthcheck-process'), ['warn', 'text'], { serialization: 'advanced' })
  let status: HealthcheckStatus | undefined
  child.on('message', (message: { type: string; status?: HealthcheckStatus }) => {
    if (message.type === 'ready') child.send({ type: 'start', services: servicesOf(load, 0) })
    else if (message.type === 'status') status = message.status
  })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  return {
    ...figures(() => (child.pid === undefined ? [] : [child.pid])),
    status: () => status,
    replace(other, first) {
      const changed = servicesOf(other, first)
      child.send({ type: 'configure', services: { names: changed.map(({ name }) => name), changed } })
    },
    stop: () => {
      child.send({ type: 'stop' })
      return gone
    },
  }
}

export function startKeepalived(load: Load, folder: string): Checker {
  const file = join(folder, 'keepalived.conf')
  writeFileSync(file, keepalivedFile(load))
  const pids = ['-p', join(folder, 'parent.pid'), '-c', join(folder, 'checkers.pid')]
  // -G: without it keepalived throttles itself by its own logging.
  const argv = ['keepalived', '-C', '-n', '-l', '-G', '-f', file, ...pids]
  const child = new LabProcess('keepalived', argv, { log: join(folder, 'keepalived.log') })
  return {
    ...figures(() => processTree(child.pid)),
    status: () => undefined,
    replace: () => {},
    stop: () => child.stop(),
  }
}

function servicesOf(load: Load, first: number) {
  const config = readConfig(Buffer.from(vipairFile(load, first)))
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'))
  return config.value.config.virtualServices
}

function vipairFile({ kind, servers, interval }: Load, first: number): string {
  // A header that only the HTTP client may send.
  const extra = kind === 'http by got' ? ', headers = { TE = "trailers" }' : ''
  const type = kind === 'tcp' ? 'tcp' : 'http'
  const check = `{ type = "${type}", interval = "${interval * 1000}ms", timeout = "1s"${extra} }`
  const parts = ['[[director]]\nname = "bench"\naddress = "127.0.0.1"\n']
  for (let at = 0; at < servers; at += serversEach) {
    const list = Array.from({ length: serversEach }, (_, i) => `"${serverAddress(first + at + i)}:80"`)
    parts.push(`
[[virtual_service]]
name = "s${at}"
address = "10.1.${Math.floor(at / serversEach / 250)}.${1 + ((at / serversEach) % 250)}:80"
forwarding = "nat"
check = ${check}
real_servers = [${list.join(', ')}]
`)
  }
  return parts.join('')
}

function keepalivedFile({ kind, servers, interval }: Load): string {
  const check =
    kind === 'tcp'
      ? 'TCP_CHECK {\n connect_timeout 1\n }'
      : 'HTTP_GET {\n url {\n path /\n status_code 200\n }\n connect_timeout 1\n }'
  const parts = ['global_defs {\n router_id bench\n}\n']
  for (let at = 0; at < servers; at += serversEach) {
    const vip = `10.1.${Math.floor(at / serversEach / 250)}.${1 + ((at / serversEach) % 250)}`
    const list = Array.from(
      { length: serversEach },
      (_, i) => ` real_server ${serverAddress(at + i)} 80 {\n ${check}\n }`,
    )
    parts.push(
      `virtual_server ${vip} 80 {\n delay_loop ${interval}\n lvs_sched wlc\n lvs_method NAT\n protocol TCP\n${list.join('\n')}\n}\n`,
    )
  }
  return parts.join('')
}

/** Of all these processes together. */
function figures(pids: () => readonly number[]): Pick<Checker, 'cpu' | 'memory'> {
  return {
    cpu: () =>
      pids().reduce((sum, pid) => {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
        // proc(5): utime and stime are the 14th and 15th, in ticks of 10 ms; the name may hold spaces.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return sum + (Number(fields[11]) + Number(fields[12])) / 100
      }, 0),
    memory: () => {
      const sum = (name: string) =>
        pids().reduce((total, pid) => {
          const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
          return total + Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024
        }, 0)
      return { rss: sum('Rss'), pss: sum('Pss') }
    },
  }
}
