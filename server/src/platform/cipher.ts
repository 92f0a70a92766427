import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Bytes of a key: AES-256. */
export const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'

/**
 * Encrypts under AES-256-GCM with a fresh random nonce: `{iv}.{ciphertext}.{tag}`, each base64url.
 * `bound` is not kept; {@link decrypt} needs the very same text.
 */
export function encrypt(key: Uint8Array, clear: Uint8Array, bound: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(bound))
  const hidden = Buffer.concat([cipher.update(clear), cipher.final()])
  return [iv, hidden, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')
}

/** @throws when the text is damaged, another key made it, or it was bound to something else */
export function decrypt(key: Uint8Array, encrypted: string, bound: string): Buffer {
  const parts = encrypted.split('.').map((part) => Buffer.from(part, 'base64url'))
  const [iv, hidden, tag] = parts
  if (!iv || !hidden || !tag || parts.length !== 3) throw new Error('this is no encrypted text')
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(bound))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(hidden), decipher.final()])
}
