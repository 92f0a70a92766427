import { Secret, TOTP } from 'otpauth'

const ISSUER = 'Pulse'
const PERIOD_S = 30
/** Steps that a code may be early or late: clocks of telephones are not exact. */
const WINDOW = 1

/** Draws the secret of an authenticator: 160 random bits, base32 (RFC 4226, 4). */
export const drawTotpSecret = (): string => new Secret({ size: 20 }).base32

/** `otpauth://totp/Pulse:{username}?…`, which an authenticator reads from a QR code. */
export const totpUri = (secret: string, username: string): string =>
  totpOf(secret, username).toString()

/**
 * The time step (RFC 6238) that a code belongs to, or undefined when it is wrong. The caller must
 * take each step once, so that a code that was watched cannot be used again.
 */
export function totpStepOf(secret: string, code: string, nowMs: number): number | undefined {
  // The library throws at digits of other scripts.
  if (!/^[0-9]{6}$/.test(code)) return undefined
  const delta = totpOf(secret).validate({ token: code, timestamp: nowMs, window: WINDOW })
  return delta === null ? undefined : Math.floor(nowMs / 1000 / PERIOD_S) + delta
}

/** The code of an instant: for tests that sign in with a second factor. */
export const totpCode = (secret: string, nowMs: number): string =>
  totpOf(secret).generate({ timestamp: nowMs })

const totpOf = (secret: string, label = ISSUER): TOTP =>
  new TOTP({
    issuer: ISSUER,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_S,
    secret: Secret.fromBase32(secret),
  })
