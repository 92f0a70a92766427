import {
  type AdapterFactory,
  type Configuration,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import type { Clock } from '#platform'
import type { Accounts } from './accounts.ts'
import type { KeySet } from './keys.ts'
import { lives } from './lives.ts'
import { goodbyePage, providerErrorPage, signOutPage } from './provider-pages.ts'
import type { SignIns } from './sign-ins.ts'

/** Names the API as what access tokens are for; the token says `pulse-api`. */
const RESOURCE = 'urn:pulse:api'
export const EMBEDDED_SCOPE = 'openid profile email'
const CLAIMS = { profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] }

/** Where the provider's own addresses begin, below the origin. */
export const MOUNT = '/auth'
export const interactionPath = (uid: string): string => `${MOUNT}/sign-in/${uid}`

export interface ProviderDeps {
  /** Scheme, host and port that browsers use. */
  readonly origin: string
  readonly clientId: string
  readonly audience: string
  readonly keys: KeySet
  readonly adapter: AdapterFactory
  readonly accounts: Accounts
  readonly signIns: SignIns
  readonly clock: Clock
}

/**
 * The embedded identity provider, for one origin and one set of keys: it is made anew when either
 * changes. Only what Pulse needs is on: code flow with PKCE (S256), refresh tokens that are used
 * once, sign-out, revocation.
 */
export function createProvider(deps: ProviderDeps): Provider {
  const provider = new Provider(`${deps.origin}${MOUNT}`, configurationOf(deps))
  // The mount tells scheme, host and address of the browser by these headers, and only by them.
  provider.proxy = true
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    // A sign-out ends the access tokens too, which nothing else would before they expire.
    const session: (Session & { destroyed?: boolean }) | undefined =
      ctx.oidc?.route === 'end_session_confirm' ? ctx.oidc.session : undefined
    if (!session?.destroyed || session.accountId === undefined) return
    await deps.signIns.end(session.accountId, session.uid, fromOf(ctx))
  })
  return provider
}

/** Who asks the provider, for the audit. */
export const fromOf = (ctx: KoaContextWithOIDC) => ({
  address: ctx.ip,
  requestId: ctx.get('x-request-id') || undefined,
})

function configurationOf(deps: ProviderDeps): Configuration {
  const { keys } = deps
  return {
    adapter: deps.adapter,
    clients: [portalClient(deps)],
    jwks: { keys: [...keys.signing] as NonNullable<Configuration['jwks']>['keys'] },
    cookies: cookiesOf(keys.cookie),
    scopes: ['openid'],
    claims: { openid: ['sub', 'amr'], ...CLAIMS },
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    pkce: { required: () => true },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    allowOmittingSingleRegisteredRedirectUri: false,
    // The portal's own pages ask for tokens by fetch; no other origin may.
    clientBasedCORS: (_ctx, origin) => origin === deps.origin,
    conformIdTokenClaims: false,
    interactions: { policy: policyOf(), url: (_ctx, { uid }) => interactionPath(uid) },
    loadExistingGrant: grantOf,
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    expiresWithSession: async () => true,
    features: featuresOf(deps),
    findAccount: async (_ctx, person) => accountOf(deps.accounts, person),
    extraTokenClaims: async (ctx, token) => tokenClaims(deps, ctx, token),
    formats: { customizers: { jwt: (_ctx, _token, jwt) => dateBy(deps.clock, jwt) } },
    renderError: providerErrorPage,
    ttl: ttlOf(),
  }
}

const portalClient = ({ origin, clientId }: ProviderDeps) => ({
  client_id: clientId,
  client_name: 'Pulse',
  token_endpoint_auth_method: 'none' as const,
  application_type: 'web' as const,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code' as const],
  redirect_uris: [`${origin}/sign-in/callback`],
  post_logout_redirect_uris: [`${origin}/`],
})

function cookiesOf(key: string): Configuration['cookies'] {
  const safe = { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true } as const
  return {
    keys: [key],
    names: { session: 'pulse_session', interaction: 'pulse_signing_in', resume: 'pulse_resume' },
    long: { ...safe, path: MOUNT },
    short: safe,
  }
}

const { Check, base } = interactionPolicy

/** No consent: the one client is Pulse's own portal. */
function policyOf() {
  const policy = base()
  policy.remove('consent')
  const ended = 'The account of this session is gone or may not sign in any more'
  const nobody = new Check('no_account', ended, ({ oidc }) => {
    return oidc.session?.accountId !== undefined && oidc.account === undefined
  })
  policy.get('login')?.checks.add(nobody)
  return policy
}

/** A sign-in has one grant, which holds all that it can ask for; made with the first code. */
async function grantOf(ctx: KoaContextWithOIDC) {
  const { session, client, account, provider } = ctx.oidc
  if (!session || !client || !account) return undefined
  const known = session.grantIdFor(client.clientId)
  const found = known === undefined ? undefined : await provider.Grant.find(known)
  if (found) return found
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId })
  grant.addOIDCScope(EMBEDDED_SCOPE)
  grant.addResourceScope(RESOURCE, EMBEDDED_SCOPE)
  await grant.save()
  return grant
}

const featuresOf = ({ audience }: ProviderDeps): Configuration['features'] => ({
  devInteractions: { enabled: false },
  dPoP: { enabled: false },
  pushedAuthorizationRequests: { enabled: false },
  userinfo: { enabled: false },
  revocation: {
    enabled: true,
    allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
  },
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: signOutPage,
    postLogoutSuccessSource: goodbyePage,
  },
  resourceIndicators: {
    enabled: true,
    defaultResource: async () => RESOURCE,
    useGrantedResource: async () => true,
    getResourceServerInfo: async () => ({
      scope: EMBEDDED_SCOPE,
      audience,
      accessTokenTTL: lives.accessToken,
      accessTokenFormat: 'jwt' as const,
      jwt: { sign: { alg: 'ES256' as const } },
    }),
  },
})

/** Nobody for a person who may not sign in any more: their refresh tokens are worth nothing. */
async function accountOf(accounts: Accounts, person: string) {
  const found = await accounts.find({ person })
  if (!found?.active) return undefined
  return {
    accountId: found.person,
    claims: async () => ({
      sub: found.person,
      name: found.name,
      preferred_username: found.username,
      ...(found.email === null ? {} : { email: found.email, email_verified: found.emailVerified }),
    }),
  }
}

type Token = Parameters<NonNullable<Configuration['extraTokenClaims']>>[1]
type Session = NonNullable<KoaContextWithOIDC['oidc']['session']>

/** What an access token says beside the standard: the API asks the provider nothing more. */
async function tokenClaims(
  deps: ProviderDeps,
  ctx: KoaContextWithOIDC,
  token: Token,
): Promise<Record<string, unknown> | undefined> {
  if (token.kind !== 'AccessToken') return undefined
  const { sessionUid, accountId, grantId } = token
  if (sessionUid === undefined) return undefined
  await deps.signIns.note({
    sid: sessionUid,
    person: accountId,
    grantId,
    agent: ctx.get('user-agent').slice(0, 256) || undefined,
    from: fromOf(ctx),
  })
  const account = await accountOf(deps.accounts, accountId)
  return { ...(await account?.claims()), sid: sessionUid }
}

/** The library dates by the machine's clock; what the API checks goes by Pulse's. */
function dateBy(clock: Clock, jwt: { payload: Record<string, unknown> }): void {
  const nowS = Math.floor(clock.now() / 1000)
  Object.assign(jwt.payload, { iat: nowS, exp: nowS + lives.accessToken })
}

const ttlOf = (): Configuration['ttl'] => ({
  AccessToken: lives.accessToken,
  AuthorizationCode: lives.code,
  Grant: lives.signIn,
  IdToken: lives.idToken,
  Interaction: lives.interaction,
  Session: (_ctx, { loginTs }) => leftOf(loginTs, lives.signIn),
  RefreshToken: (_ctx, token) => Math.min(lives.idle, leftOf(token.iiat, lives.signIn)),
})

/** What is left of a life that began at an instant; both in seconds. */
const leftOf = (beganS: number | undefined, lifeS: number): number => {
  const nowS = Math.floor(Date.now() / 1000)
  return Math.max(1, (beganS ?? nowS) + lifeS - nowS)
}
