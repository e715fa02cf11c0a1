/** `smtp`: a mail server greets, and answers when it is greeted. */
import type { SmtpCheckConfig } from '../../config/checks/smtp.js'
import { SmtpTalk } from '../smtp-talk.js'
import type { Checker } from './checker.js'
import { talkOverTcp } from './talk-over-tcp.js'

export const checkSmtp: Checker<SmtpCheckConfig> = (check, target, timeUp) =>
  talkOverTcp(check, target, timeUp, new SmtpTalk(check))
