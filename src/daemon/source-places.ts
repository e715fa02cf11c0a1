/** Where a stack says that it was, in the source: what runs is built from it, many files in one. */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'

/** Places without a source map beside the file stay as they are. Never throws. */
export function placesInSource(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>()
  const mapOf = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) maps.set(file, readMap(file))
    return maps.get(file)
  }
  return stack.replace(/(file:\/\/\S+?\.js):(\d+):(\d+)/g, (place, file: string, line, column) => {
    const found = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1)
    if (found === undefined || !('originalSource' in found)) return place
    const { pathname } = new URL(found.originalSource, file)
    return `${pathname}:${found.originalLine + 1}:${found.originalColumn + 1}`
  })
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${file}.map`), 'utf8')))
  } catch {
    return undefined
  }
}
