import type { JWTPayload } from 'jose'
import { refuse } from '../errors.ts'
import type { Identity } from '../identity.ts'

/** How the claims of a foreign issuer name tenants and roles. */
export interface ClaimMapping {
  /** Claim with a tenant's key, or several; dots go into objects (`realm_access.roles`). */
  readonly tenants: string
  readonly roles: string
  /** The issuer's name of a role to Pulse's; a name that is not in it stays as it is. */
  readonly roleNames: ReadonlyMap<string, string>
}

/** Longer than any name that a person should have to look at. */
const MAX_TEXT = 256
const MAX_ITEMS = 100

/** The identity that verified claims of the embedded provider give. */
export const embeddedIdentity = (claims: JWTPayload): Identity =>
  identityOf(claims, 'embedded', undefined)

/** The identity that verified claims of a foreign issuer give. */
export function foreignIdentity(
  claims: JWTPayload,
  issuer: string,
  mapping: ClaimMapping,
): Identity {
  const roles = namesAt(claims, mapping.roles)
  return identityOf(claims, issuer, {
    tenants: namesAt(claims, mapping.tenants),
    roles: roles.map((role) => mapping.roleNames.get(role) ?? role),
  })
}

function identityOf(claims: JWTPayload, issuer: string, claimed: Identity['claimed']): Identity {
  const subject = textAt(claims, 'sub')
  if (subject === undefined || typeof claims.exp !== 'number' || typeof claims.iat !== 'number') {
    throw refuse.unauthenticated()
  }
  const email = textAt(claims, 'email')
  const username =
    textAt(claims, 'preferred_username') ?? textAt(claims, 'username') ?? email ?? subject
  return {
    issuer,
    subject,
    session: textAt(claims, 'sid'),
    username,
    name: textAt(claims, 'name') ?? username,
    email,
    // Some issuers say it as text; anything but a clear yes is a no.
    emailVerified:
      email !== undefined &&
      (claims['email_verified'] === true || claims['email_verified'] === 'true'),
    claimed,
    issuedAt: new Date(claims.iat * 1000),
    expiresAt: new Date(claims.exp * 1000),
  }
}

function textAt(claims: JWTPayload, name: string): string | undefined {
  const value = claims[name]
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return undefined
  return value.isWellFormed() && !value.includes('\0') ? value : undefined
}

/** The names that a claim lists: an array of texts, or one text, parted by blanks or commas. */
function namesAt(claims: JWTPayload, path: string): string[] {
  const value = valueAt(claims, path)
  const names = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(/[\s,]+/)
      : []
  return names
    .filter((name): name is string => typeof name === 'string' && name !== '')
    .slice(0, MAX_ITEMS)
}

/** A claim by its own name first: `https://example.com/roles` and `cognito:groups` have no path. */
function valueAt(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}
