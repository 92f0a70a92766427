import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** What a hash costs: memory is 128 · N · r bytes, time grows with N · r · p. */
export interface PasswordCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** 32 MiB and a good tenth of a second: one of OWASP's choices for scrypt. */
export const passwordCost: PasswordCost = { N: 2 ** 15, r: 8, p: 3 }
const KEY_BYTES = 32
/** Above what any kept hash may ask for, so that a planted one cannot eat the memory. */
const MAX_MEMORY = 256 * 1024 * 1024

/** Hashes a password with a fresh salt: `scrypt$N$r$p$salt$hash`. */
export async function hashPassword(password: string, cost: PasswordCost): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, cost)
  return [
    'scrypt',
    cost.N,
    cost.r,
    cost.p,
    salt.toString('base64url'),
    hash.toString('base64url'),
  ].join('$')
}

/** Checks a password against what {@link hashPassword} made, in constant time. */
export async function verifyPassword(password: string, kept: string): Promise<boolean> {
  const [scheme, n, r, p, salt, hash] = kept.split('$')
  if (scheme !== 'scrypt' || !salt || !hash)
    throw new Error('a password hash of an unknown kind is stored')
  const expected = Buffer.from(hash, 'base64url')
  const made = await derive(password, Buffer.from(salt, 'base64url'), {
    N: Number(n),
    r: Number(r),
    p: Number(p),
  })
  return made.length === expected.length && timingSafeEqual(made, expected)
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize('NFKC'),
      salt,
      KEY_BYTES,
      { ...options, maxmem: MAX_MEMORY },
      (error, key) => (error ? reject(error) : resolve(key)),
    )
  })
}
