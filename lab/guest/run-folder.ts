import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from '../paths.js'

const prefix = 'vipair-lab-'

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Removes what a runner left that was killed before it could. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN
    if (pid > 0 && !alive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

/**
 * The one folder that guest and host share, at the same path in both: `entry` (what to run), `status`
 * (how it ended, written by the guest), `artefacts/`, `console.log` (the guest kernel's messages).
 */
export function makeRunFolder(argv: readonly string[], env: Readonly<Record<string, string>>): string {
  sweep()
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'artefacts'))
  const all = { ...env, VIPAIR_ARTEFACTS: join(folder, 'artefacts') }
  const exports = Object.entries(all).map(([name, value]) => `export ${name}=${quote(value)}`)
  const lines = ['#!/bin/sh', `cd ${quote(repository)}`, ...exports, `exec ${argv.map(quote).join(' ')}`, '']
  writeFileSync(join(folder, 'entry'), lines.join('\n'), { mode: 0o755 })
  for (const script of ['uml-init.sh', 'start.sh', 'host-init.sh']) {
    const copy = join(folder, script)
    copyFileSync(join(repository, 'lab/guest', script), copy)
    chmodSync(copy, 0o755)
  }
  return folder
}
