import { signInFacts } from '@pulse/contract'
import { openApi } from './api.ts'
import { takeAttempt } from './attempt.ts'
import { takeAccess } from './bearer.ts'
import { keepSession } from './kept-session.ts'
import { beginAt, complete } from './oidc.ts'
import { dropRefreshTokens, keepRefreshToken } from './refresh-token.ts'
import { insecurePage, strayCallback } from './sign-in-problem.ts'
import { safeTarget } from './target.ts'

/**
 * Leaves for the issuer; the promise stays open while the browser goes. `to` is where one wants to
 * be after. @throws an ApiProblem when signing in cannot begin
 */
export async function signIn(to: string): Promise<void> {
  if (!window.isSecureContext) throw insecurePage()
  const facts = await openApi.get('/v1/sign-in', signInFacts)
  const { origin } = new URL(facts.issuer)
  // Cookies and the address to come back to belong to the one origin of the embedded provider.
  const away = facts.embedded && origin !== window.location.origin
  const next = away ? elsewhere(origin, to) : await beginAt(facts, safeTarget(to))
  window.location.assign(next)
  await new Promise(() => undefined)
}

function elsewhere(origin: string, to: string): URL {
  const page = new URL('/sign-in', origin)
  page.searchParams.set('to', safeTarget(to))
  return page
}

/** Ends a sign-in that began in this tab. Answers where one wanted to be. @throws an ApiProblem */
export async function takeCallback(address: URL): Promise<string> {
  const attempt = takeAttempt(address.searchParams.get('state'))
  if (!attempt) throw strayCallback()
  const { tokens, subject } = await complete(attempt, address)
  const { provider, clientId } = attempt
  const { access, livesMs, refreshToken, idToken } = tokens
  const id = crypto.randomUUID()
  await dropRefreshTokens()
  if (refreshToken !== undefined) await keepRefreshToken(id, refreshToken)
  keepSession({ id, subject, provider, clientId, ...(idToken === undefined ? {} : { idToken }) })
  takeAccess(access, livesMs)
  return safeTarget(attempt.to)
}
