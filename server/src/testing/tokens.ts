import { PulseError, type TenantSql } from '#platform'
import type { Identity, VerifyBearer } from '#registry'

/** Stands for an identity provider: gives the identities that a test made tokens for. */
export interface TestTokens {
  readonly verify: VerifyBearer
  /** Keeps passwords as they are. */
  readonly accounts: {
    hash(password: string): Promise<string>
    put(sql: TenantSql, person: string, hash: string, mustChange: boolean): Promise<void>
  }
  readonly signIns: { end(): Promise<boolean> }
  /** A token that says this, five minutes long. */
  issue(facts: Partial<Identity>): string
}

/** The issuer of tokens that say nothing else. */
export const ISSUER = 'https://issuer.example'

/** Makes tokens without a sign-in, for tests of what a person may do; issued at `atMs`, unless they say. */
export function testTokens(atMs: number): TestTokens {
  const issued = new Map<string, Identity>()
  return {
    async verify(bearer) {
      const identity = issued.get(bearer)
      if (!identity) throw new PulseError('registry.unauthenticated')
      return identity
    },
    accounts: {
      hash: async (password) => password,
      put: async (sql, person, hash, mustChange) =>
        void (await sql`select registry.put_account(${person}, ${hash}, ${mustChange}, now())`),
    },
    signIns: { end: async () => true },
    issue(facts) {
      const issuedAt = facts.issuedAt ?? new Date(atMs)
      const token = `token-${issued.size}`
      issued.set(token, {
        issuer: ISSUER,
        subject: 'ada',
        session: 'sid-1',
        username: 'Ada',
        name: 'Ada L.',
        email: undefined,
        emailVerified: false,
        claimed: { tenants: [], roles: [] },
        issuedAt,
        expiresAt: new Date(issuedAt.getTime() + 5 * 60_000),
        ...facts,
      })
      return token
    },
  }
}
