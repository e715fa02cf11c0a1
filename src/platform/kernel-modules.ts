/** Loads kernel modules by modprobe(8), without a shell. */
import { execFile } from 'node:child_process'
import type { KernelModules } from '../base/ports.js'
import { OpError } from '../base/result.js'

const TIMEOUT = 10_000
/** A name that can be no option and no path. */
const nameRule = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/

export class Modprobe implements KernelModules {
  constructor(private readonly program: string = '/sbin/modprobe') {}

  load(name: string): Promise<void> {
    if (!nameRule.test(name)) return Promise.reject(new OpError('modprobe', name, 'EINVAL'))
    return new Promise((resolve, reject) => {
      execFile(this.program, [name], { timeout: TIMEOUT, env: {} }, (error, _output, complaint) => {
        if (error === null) resolve()
        else reject(failure(name, error, complaint.trim()))
      })
    })
  }
}

function failure(name: string, error: Error & { code?: unknown }, complaint: string): OpError {
  if (error.code === 'ENOENT') {
    const cause = new Error(`the kernel has no ${name} and there is no modprobe to load it: install kmod`)
    return new OpError('modprobe', name, 'ENOENT', { cause })
  }
  const cause = new Error(complaint === '' ? error.message : complaint)
  return new OpError('modprobe', name, 'failed', { cause })
}
