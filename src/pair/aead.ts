/** ChaCha20-Poly1305 (RFC 8439): 32-byte key, 12-byte nonce, 16-byte tag behind the ciphertext. */
import { createCipheriv, createDecipheriv } from 'node:crypto'

export const aeadTagLength = 16
export const nonceLength = 12

const algorithm = 'chacha20-poly1305'
const options = { authTagLength: aeadTagLength }

/** `header`, in clear and authenticated, followed by the sealed `plaintext`: one whole datagram. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(algorithm, key, nonce, options)
  cipher.setAAD(header, { plaintextLength: plaintext.length })
  const ciphertext = cipher.update(plaintext)
  cipher.final()
  return Buffer.concat([header, ciphertext, cipher.getAuthTag()])
}

/** The plaintext; undefined when it was not sealed with this key, nonce and header. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const length = sealed.length - aeadTagLength
  if (length < 0) return undefined
  const decipher = createDecipheriv(algorithm, key, nonce, options)
  decipher.setAAD(header, { plaintextLength: length })
  decipher.setAuthTag(sealed.subarray(length))
  const plaintext = decipher.update(sealed.subarray(0, length))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return plaintext
}
