/** What can stand in a place of a command line; the same for every shell. */

export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Asked of the running daemon. */
  | { readonly kind: 'routers' | 'services' | 'servers' }
  | { readonly kind: 'file' | 'directory' }
  | { readonly kind: 'anything' }

const kinds: Readonly<Record<string, Candidates['kind']>> = {
  file: 'file',
  dir: 'directory',
  router: 'routers',
  service: 'services',
  server: 'servers',
}

/** `name`: of an argument, or of an option's value. */
export function candidatesOf(name: string, choices: readonly string[]): Candidates {
  if (choices.length > 0) return { kind: 'words', words: choices }
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  return kind === undefined || kind === 'words' ? { kind: 'anything' } : { kind }
}
