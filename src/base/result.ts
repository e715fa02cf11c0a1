/** Bad input is a value: what a decoder or a validator answers. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
export const fail = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error })

/** Makes the compiler prove that a `switch` is exhaustive; reaching it at run time is a bug. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}

/**
 * Failed I/O, thrown at the edge: what was tried, on what, and the errno by its name.
 * One line reads `ipvs newDest 10.0.0.5:80: ENOENT`.
 */
export class OpError extends Error {
  readonly op: string
  readonly subject: string
  /** Name of the errno (`ENOENT`), or a word of ours such as `timeout`. */
  readonly code: string

  constructor(op: string, subject: string, code: string, options?: ErrorOptions) {
    super(`${op} ${subject}: ${code}`, options)
    this.name = 'OpError'
    this.op = op
    this.subject = subject
    this.code = code
  }
}
