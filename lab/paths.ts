import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The repository's root, seen from build/lab. */
export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** A program of the build, by its source path without extension: `lab/load` is build/lab/load.js. */
export const built = (source: string): string => `${repository}/build/${source}.js`

/** Where downloads and what is made from them are kept; the same rule stands in scripts/setup/cloud-kernel.mjs. */
export function cacheFolder(): string {
  const wanted = process.env.XDG_CACHE_HOME || `${homedir()}/.cache`
  try {
    mkdirSync(wanted, { recursive: true })
    accessSync(wanted, constants.W_OK)
    return `${wanted}/vipair`
  } catch {
    return `${repository}/build/cache`
  }
}
