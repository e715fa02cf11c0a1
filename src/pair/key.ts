/**
 * The pair key: 32 random bytes that both directors hold. A key file is one line, base64 (44 characters)
 * or hexadecimal (64 digits), with at most one newline after it.
 */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { fromHex } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'

/** Opaque on purpose: printing, logging or serialising a `KeyObject` does not show the key. */
export type PairKey = KeyObject

export const pairKeyLength = 32

export type PairKeyProblem = 'empty' | 'several_lines' | 'encoding' | 'length' | 'weak'

const problemTexts: Readonly<Record<PairKeyProblem, string>> = {
  empty: 'the key file is empty; `vipair keygen FILE` makes one',
  several_lines: 'a key file holds one line, the key and nothing else',
  encoding: 'the key is neither base64 nor hexadecimal',
  length: 'the key must be 32 bytes: 44 characters of base64 or 64 hexadecimal digits',
  weak: 'the key repeats one byte 32 times; `vipair keygen FILE` makes a random one',
}

/** One line for a person. Never holds any of the file's content. */
export const pairKeyProblemText = (problem: PairKeyProblem): string => problemTexts[problem]

/** `text` is the whole content of the key file. */
export function parsePairKey(text: string): Result<PairKey, PairKeyProblem> {
  const line = text.replace(/\r?\n$/, '')
  if (line === '') return fail('empty')
  if (/[\r\n]/.test(line)) return fail('several_lines')
  // 64 hexadecimal digits would also pass for base64, of 48 bytes: nobody's key.
  const bytes = (line.length === pairKeyLength * 2 ? fromHex(line) : undefined) ?? fromBase64(line)
  if (!bytes) return fail('encoding')
  if (bytes.length !== pairKeyLength) return fail('length')
  if (bytes.every((byte) => byte === bytes[0])) return fail('weak')
  return ok(createSecretKey(bytes))
}

/** The content of a key file for `bytes`, which must be 32 random bytes. */
export function formatPairKey(bytes: Uint8Array): string {
  if (bytes.length !== pairKeyLength) throw new RangeError(`a pair key is ${pairKeyLength} bytes`)
  return `${Buffer.from(bytes).toString('base64')}\n`
}

/** Takes time that does not depend on where the keys differ. */
export const equalPairKeys = (a: PairKey, b: PairKey): boolean => a.equals(b)

function fromBase64(line: string): Uint8Array | undefined {
  const bytes = Buffer.from(line, 'base64')
  // Node skips what it cannot decode; only the canonical text survives the way back.
  return bytes.toString('base64') === line ? new Uint8Array(bytes) : undefined
}
