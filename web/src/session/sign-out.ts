import { heldToken } from './bearer.ts'
import { dropSession, type KeptSession, readSession } from './kept-session.ts'
import { dropRefreshTokens, readRefreshToken } from './refresh-token.ts'

/** How long the farewell may take before one is sent on. */
const PATIENCE_MS = 3000

/**
 * Signs out everywhere: at once in every tab, then at Pulse, then at the issuer, whose own session
 * would else sign one in again without a word.
 */
export async function signOut(): Promise<void> {
  const session = readSession()
  const token = heldToken()
  if (!session) return
  dropSession({ kind: 'signed-out' })
  const oidc = await import('./oidc.ts')
  await Promise.allSettled([endAtPulse(token), forgetRefreshToken(session, oidc.revoke)])
  const address = oidc.endAddress(session)
  if (address) window.location.assign(address)
}

type Revoke = (session: KeptSession, refreshToken: string) => Promise<void>

async function forgetRefreshToken(session: KeptSession, revoke: Revoke): Promise<void> {
  const refreshToken = await readRefreshToken(session.id)
  await dropRefreshTokens()
  if (refreshToken !== undefined) await revoke(session, refreshToken)
}

async function endAtPulse(token: string | undefined): Promise<void> {
  if (token === undefined) return
  await fetch('/v1/session', {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
}
