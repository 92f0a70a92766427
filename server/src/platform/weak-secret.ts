import { KEY_BYTES } from './cipher.ts'

/** What installations ship with, and what people type to get on. Compared without case and digits at the end. */
const COMMON = new Set([
  'admin',
  'change-me',
  'change_me',
  'changeit',
  'changeme',
  'default',
  'demo',
  'example',
  'keycloak',
  'letmein',
  'master',
  'password',
  'passw0rd',
  'postgres',
  'pulse',
  'qwerty',
  'secret',
  'test',
  'welcome',
])
const SHORTEST_PASSWORD = 16
/** Of a word's characters, or of a key's bytes, that must differ: a random one falls below once in 10^9 at most. */
const DISTINCT_CHARACTERS = 8
const DISTINCT_BYTES = 20

/**
 * Why a password between machines is none, or undefined when nothing speaks against it. `user` is
 * the name that it belongs to. The answer never holds the secret.
 */
export function weaknessOf(secret: string, user = ''): string | undefined {
  const word = secret.toLowerCase().replace(/\d+$/, '')
  if (COMMON.has(word) || COMMON.has(secret.toLowerCase())) return 'it is a well-known default'
  if (user !== '' && secret.toLowerCase().includes(user.toLowerCase()))
    return 'it holds its user name'
  if (secret.length < SHORTEST_PASSWORD) return `it is shorter than ${SHORTEST_PASSWORD} characters`
  if (new Set(secret).size < DISTINCT_CHARACTERS || isRepeated(secret)) return 'it repeats itself'
  return undefined
}

/** `abcabcabcabc`: a beginning of at most half the length, again and again. */
const isRepeated = (text: string): boolean => `${text}${text}`.indexOf(text, 1) < text.length

/** Why these bytes are no key, or undefined. */
export function weaknessOfKey(bytes: Uint8Array): string | undefined {
  if (bytes.length !== KEY_BYTES) return `it has ${bytes.length} bytes instead of ${KEY_BYTES}`
  if (new Set(bytes).size < DISTINCT_BYTES) return 'it repeats itself'
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'it is text, not random bytes'
  const steps = new Set(bytes.subarray(1).map((byte, index) => byte - (bytes[index] ?? 0)))
  if (steps.size === 1) return 'it is a sequence, not random bytes'
  return undefined
}
