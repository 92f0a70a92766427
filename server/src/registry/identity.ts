/** What a verified access token says of who holds it. Nothing here is taken from an unverified part. */
export interface Identity {
  /** `embedded` for Pulse's own provider, whose address may change; else the issuer's URL. */
  readonly issuer: string
  readonly subject: string
  /** The sign-in that the token belongs to (`sid`): all tokens of it end with it. */
  readonly session: string | undefined
  readonly username: string
  readonly name: string
  readonly email: string | undefined
  /** False when the issuer does not say: an address that nobody verified proves nothing. */
  readonly emailVerified: boolean
  /**
   * Tenant keys and roles that a foreign issuer claims for the person, by the configured mapping.
   * Undefined for the embedded provider: there, memberships are Pulse's own.
   */
  readonly claimed:
    | { readonly tenants: readonly string[]; readonly roles: readonly string[] }
    | undefined
  readonly issuedAt: Date
  readonly expiresAt: Date
}

/**
 * Verifies an access token: signature, issuer, audience, times, algorithm.
 * @throws `registry.unauthenticated` for anything less, `platform.unavailable` when the issuer's keys cannot be had
 */
export type VerifyBearer = (bearer: string) => Promise<Identity>
