import type { SignInFacts } from '@pulse/contract'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  Configuration,
  calculatePKCECodeChallenge,
  discovery,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type ServerMetadata,
  tokenRevocation,
} from 'openid-client'
import { type Attempt, keepAttempt } from './attempt.ts'
import type { KeptSession } from './kept-session.ts'
import { signInProblem } from './sign-in-problem.ts'

/** An access token and what came with it. */
export interface Tokens {
  readonly access: string
  /** How long it is taken, in milliseconds from when it came. */
  readonly livesMs: number
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

/** Where an issuer has no say: a token without a lifetime is renewed after five minutes. */
const USUAL_LIFE_S = 300
const CALLBACK = '/sign-in/callback'
const redirectUri = () => `${window.location.origin}${CALLBACK}`

/** The machine's own provider speaks HTTP on loopback; no other may. */
const isLoopback = (issuer: string) => {
  const { protocol, hostname } = new URL(issuer)
  return protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
}

/** Discovers the issuer and gives the address of its sign-in, with PKCE, state and nonce. */
export async function beginAt(facts: SignInFacts, to: string): Promise<URL> {
  const plain = isLoopback(facts.issuer) ? [allowInsecureRequests] : []
  const issuer = new URL(facts.issuer)
  const options = { execute: plain }
  const config = await discovery(issuer, facts.clientId, undefined, None(), options).catch(
    signInProblem,
  )
  const [verifier, state, nonce] = [randomPKCECodeVerifier(), randomState(), randomNonce()]
  const { token_endpoint = '', ...rest } = config.serverMetadata()
  const provider = { ...rest, token_endpoint }
  keepAttempt({ state, verifier, nonce, to, provider, clientId: facts.clientId })
  return buildAuthorizationUrl(config, {
    redirect_uri: redirectUri(),
    scope: facts.scope,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
}

interface Known {
  readonly provider: KeptSession['provider']
  readonly clientId: string
}

function configOf({ provider, clientId }: Known): Configuration {
  const metadata = provider as ServerMetadata
  const config = new Configuration(metadata, clientId, undefined, None())
  if (isLoopback(metadata.issuer)) allowInsecureRequests(config)
  return config
}

type Answer = Pick<
  Awaited<ReturnType<typeof authorizationCodeGrant>>,
  'access_token' | 'expires_in' | 'refresh_token' | 'id_token'
>

const tokensOf = (answer: Answer): Tokens => ({
  access: answer.access_token,
  livesMs: (answer.expires_in ?? USUAL_LIFE_S) * 1000,
  refreshToken: answer.refresh_token,
  idToken: answer.id_token,
})

/** Exchanges the code of a callback: checks state, issuer and nonce, and whom the ID token names. */
export async function complete(attempt: Attempt, callback: URL) {
  const answer = await authorizationCodeGrant(configOf(attempt), callback, {
    pkceCodeVerifier: attempt.verifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  }).catch(signInProblem)
  return { tokens: tokensOf(answer), subject: answer.claims()?.sub ?? '' }
}

/** Tells the issuer that a refresh token is not needed any more. */
export async function revoke(session: KeptSession, refreshToken: string): Promise<void> {
  if (!session.provider['revocation_endpoint']) return
  await tokenRevocation(configOf(session), refreshToken, { token_type_hint: 'refresh_token' })
}

/** Where the issuer ends its own session; undefined where it has no such place. */
export function endAddress(session: KeptSession): URL | undefined {
  if (!session.provider['end_session_endpoint']) return undefined
  return buildEndSessionUrl(configOf(session), {
    post_logout_redirect_uri: `${window.location.origin}/`,
    ...(session.idToken ? { id_token_hint: session.idToken } : {}),
  })
}
