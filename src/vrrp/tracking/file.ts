/** A tracked file: that it exists, or the number in it. Pure. */
import type { FileTrackConfig } from '../../config/model.js'
import type { Finding } from './verdict.js'

/** What was found at the path. `content` is no more than the first `longestContent` bytes. */
export type FileLook =
  | { readonly there: true; readonly content: string }
  | { readonly there: false; readonly code: string }

/** More than any number of ours needs. */
export const longestContent = 64
const most = 253

export function judgeFile(track: Pick<FileTrackConfig, 'weightFromContent'>, look: FileLook): Finding {
  if (!track.weightFromContent) {
    return look.there
      ? { state: 'up', reason: 'exists' }
      : { state: 'down', reason: look.code === 'ENOENT' ? 'does not exist' : look.code }
  }
  if (!look.there) {
    return { state: 'down', delta: 0, reason: look.code === 'ENOENT' ? 'does not exist' : look.code }
  }
  const text = look.content.trim()
  if (!/^[+-]?\d{1,9}$/.test(text)) {
    return { state: 'down', delta: 0, reason: text === '' ? 'is empty' : 'holds no whole number' }
  }
  const delta = Math.min(most, Math.max(-most, Number(text))) + 0
  return { state: 'up', delta, reason: `says ${delta > 0 ? '+' : ''}${delta}` }
}
