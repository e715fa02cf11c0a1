/** /proc/sys. The files under `net` are those of the process's own network namespace. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Sysctl } from '../base/ports.js'
import { OpError } from '../base/result.js'

/** Interfaces may be called almost anything: no part is empty, so that none leads upwards. */
const nameRule = /^[a-z0-9_-]+([./][!--0-~]+)+$/

/** `net.ipv4.conf.eth0/100.rp_filter` is the file net/ipv4/conf/eth0.100/rp_filter: sysctl.d(5). */
function pathOf(name: string, root: string): string {
  if (!nameRule.test(name)) throw new OpError('sysctl', name, 'EINVAL')
  return `${root}/${name.replace(/[./]/g, (char) => (char === '.' ? '/' : '.'))}`
}

export class ProcSysctl implements Sysctl {
  constructor(private readonly root: string = '/proc/sys') {}

  read(name: string): string | undefined {
    try {
      return readFileSync(pathOf(name, this.root), 'utf8').trim().replace(/\s+/g, ' ')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw new OpError('sysctl read', name, codeOf(error), { cause: error })
    }
  }

  write(name: string, value: string): void {
    try {
      writeFileSync(pathOf(name, this.root), value, { flag: 'r+' })
    } catch (error) {
      throw new OpError('sysctl write', name, codeOf(error), { cause: error })
    }
  }

  list(folder: string): readonly string[] {
    try {
      return readdirSync(pathOf(folder, this.root)).map((name) => name.replaceAll('.', '/'))
    } catch {
      return []
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof OpError) return error.code
  return error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
}
