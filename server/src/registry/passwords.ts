import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** 32 MiB and about a tenth of a second: OWASP's second choice for scrypt. */
const cost = { N: 2 ** 15, r: 8, p: 3 }
const KEY_BYTES = 32
/** Above what any kept hash may ask for, so that a planted one cannot eat the memory. */
const MAX_MEMORY = 256 * 1024 * 1024

/** Hashes a password with a fresh salt: `scrypt$N$r$p$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
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
