/** A check of type `smtp`. */
import type { CompleteOf } from '../schema.js'
import type { smtpCheck } from '../tables/checks/smtp.js'
import { type CheckCommon, commonOf } from './common.js'

export interface SmtpCheckConfig extends CheckCommon {
  readonly type: 'smtp'
  /** Undefined: this side's address in brackets. */
  readonly helo: string | undefined
}

export const buildSmtp = (table: CompleteOf<typeof smtpCheck>): SmtpCheckConfig => ({
  type: 'smtp',
  ...commonOf(table),
  helo: table.helo,
})

export const normalSmtp = ({ helo }: SmtpCheckConfig) => ({ helo })
