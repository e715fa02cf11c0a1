/** What the kernel's answers to an operation mean. */
import { OpError } from '../base/result.js'
import { explain, explainAnywhere } from './explain.js'
import type { Operation, OperationKind } from './operation.js'
import { operationSubject } from './operation.js'

/**
 * Somebody else changed the table since it was read: expected, cured by reading again. ENOENT for a new or
 * changed service is not of these: there it is the scheduler that is missing.
 */
const staleAnswers: Readonly<Record<OperationKind, readonly string[]>> = {
  newService: ['EEXIST'],
  setService: ['ESRCH'],
  delService: ['ESRCH'],
  newDest: ['EEXIST', 'ESRCH'],
  setDest: ['ENOENT', 'ESRCH'],
  delDest: ['ENOENT', 'ESRCH'],
  newDaemon: ['EEXIST'],
  delDaemon: ['ESRCH'],
}

export const isStale = (operation: Operation, code: string): boolean =>
  staleAnswers[operation.kind].includes(code)

/** `ipvs newDest 10.0.0.5:80: EINVAL`; its `cause` is a sentence with the cause and the cure. */
export function operationError(operation: Operation, code: string): OpError {
  const cause = new Error(explain(operation, code))
  return new OpError(`ipvs ${operation.kind}`, operationSubject(operation), code, { cause })
}

const explainSetting = (op: string, code: string): string | undefined =>
  op === 'setConfig' && code === 'EINVAL'
    ? 'a timeout of idle connections is too long for this kernel: shorten ipvs.timeouts'
    : undefined

/** `ipvs getService table: EPERM`; its `cause` is a sentence where there is something to say. */
export function readError(op: string, code: string): OpError {
  const sentence = explainAnywhere(code) ?? explainSetting(op, code)
  return new OpError(
    `ipvs ${op}`,
    'table',
    code,
    sentence === undefined ? {} : { cause: new Error(sentence) },
  )
}
