import { randomBytes } from 'node:crypto'

/** A UUIDv7 (RFC 9562) for the instant `atMs`: sorts by time, 74 random bits. */
export function uuidv7(atMs: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(atMs, 0, 6)
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A prefixed id such as `al_01939d3e-…`. */
export const newId = (prefix: string, atMs: number): string => `${prefix}_${uuidv7(atMs)}`
