import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { secretSeen } from './ledger.ts'

/**
 * Set up for every test file of the server: whatever is drawn with as many random bytes as these
 * is a secret (a token, a key, a password), and nothing else is so long.
 */
const SECRET_BYTES = 24

const plain = crypto.randomBytes

function watched(size: number): Buffer {
  const bytes = plain(size)
  if (size >= SECRET_BYTES) {
    for (const encoding of ['base64url', 'base64', 'hex'] as const)
      secretSeen(bytes.toString(encoding))
  }
  return bytes
}

crypto.randomBytes = ((size: number, callback?: (error: Error | null, bytes: Buffer) => void) =>
  callback ? plain(size, callback) : watched(size)) as typeof plain
syncBuiltinESMExports()
