import { createHash } from 'node:crypto'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { type Clock, PulseError } from '#platform'
import { refuse } from '../errors.ts'
import type { Identity, VerifyBearer } from '../identity.ts'

/** Public-key algorithms only: with HS256 a public key could serve as the secret of a forger. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
/** What issuers write into `typ` of an access token: RFC 9068, or nothing telling. */
const ACCESS_TYPES = [undefined, 'jwt', 'at+jwt', 'application/at+jwt']
const SKEW_S = 60
const MAX_CACHED = 10_000
/** A token is looked at again after so long, should its key have been taken back meanwhile. */
const CACHED_MS = 5 * 60_000
/** Above this nothing is a token of ours; hashing megabytes for strangers would be a favour. */
const MAX_LENGTH = 16_384

export interface VerifierDeps {
  readonly issuer: () => string
  /** What access tokens are for. */
  readonly audience: string
  /** The portal at the issuer, which its ID tokens are for. */
  readonly clientId: string
  /** Keys of the issuer, by the header of a token. */
  readonly keys: JWTVerifyGetKey
  readonly clock: Clock
  /** What the claims say, once they are known to be true. @throws `registry.unauthenticated` */
  readonly identityOf: (claims: JWTPayload) => Identity
}

/** A {@link VerifyBearer}, and a way to forget what it knows. */
export interface Verifier {
  readonly verify: VerifyBearer
  /** Forgets what was found good: the keys have changed. */
  forget(): void
}

/** Verifies access tokens of one issuer, the embedded one like any other. */
export function createVerifier(deps: VerifierDeps): Verifier {
  const { clock } = deps
  const cache = new Map<string, { readonly identity: Identity; readonly untilMs: number }>()
  const keep = (key: string, identity: Identity) => {
    const untilMs = Math.min(identity.expiresAt.getTime(), clock.now() + CACHED_MS)
    cache.set(key, { identity, untilMs })
    if (cache.size > MAX_CACHED) cache.delete(cache.keys().next().value as string)
  }
  return {
    async verify(bearer) {
      if (bearer.length > MAX_LENGTH) throw refuse.unauthenticated()
      const key = createHash('sha256').update(bearer).digest('base64')
      const known = cache.get(key)
      if (known && known.untilMs > clock.now()) return known.identity
      cache.delete(key)
      const identity = await check(deps, bearer)
      keep(key, identity)
      return identity
    },
    forget: () => cache.clear(),
  }
}

async function check(deps: VerifierDeps, bearer: string): Promise<Identity> {
  try {
    const { payload, protectedHeader } = await jwtVerify(bearer, deps.keys, {
      algorithms: ALGORITHMS,
      issuer: deps.issuer(),
      clockTolerance: SKEW_S,
      currentDate: new Date(deps.clock.now()),
      requiredClaims: ['iss', 'sub', 'exp', 'iat'],
    })
    if (!ACCESS_TYPES.includes(protectedHeader.typ?.toLowerCase())) throw refuse.unauthenticated()
    if (!isForApi(payload, deps)) throw refuse.unauthenticated()
    return deps.identityOf(payload)
  } catch (error) {
    throw refusalOf(error)
  }
}

/** Claims that ID tokens have, and access tokens have not. */
const ID_CLAIMS = ['nonce', 'at_hash', 'c_hash']

/**
 * An access token for this API. Cognito writes no audience, only whom the token was given to; and
 * where API and portal are one client (Entra allows it), what the token is must be told otherwise.
 */
function isForApi(claims: JWTPayload, { audience, clientId }: VerifierDeps): boolean {
  const { aud = claims['client_id'] } = claims
  if (!(Array.isArray(aud) ? aud.includes(audience) : aud === audience)) return false
  if (audience !== clientId) return true
  return claims['token_use'] !== 'id' && !ID_CLAIMS.some((name) => Object.hasOwn(claims, name))
}

/** A wrong token is refused; an issuer that cannot be asked is no fault of the token. */
function refusalOf(error: unknown): unknown {
  if (error instanceof PulseError) return error
  if (error instanceof errors.JOSEError) return refuse.unauthenticated({ cause: error })
  return error
}
