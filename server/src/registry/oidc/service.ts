import type { SignInFacts } from '@pulse/contract'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import {
  type Clock,
  type Database,
  every,
  type Log,
  type SealedColumn,
  type Shell,
} from '#platform'
import type { VerifyBearer } from '../identity.ts'
import type { PasswordCost } from '../passwords.ts'
import { createThrottle, type ThrottleLimits } from '../throttle.ts'
import { accountRoutes } from './account-routes.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { sweepIdentity } from './artifact-rows.ts'
import { type ClaimMapping, embeddedIdentity, foreignIdentity } from './claims.ts'
import { createEmbedded } from './embedded.ts'
import { createForeignKeys } from './foreign.ts'
import type { HashQueue } from './hash-queue.ts'
import { type InteractionDeps, interactionRoutes } from './interaction.ts'
import { invitationRoutes, type Joining } from './invitation.ts'
import { createKeyRing, type KeyRing, type KeySet, RETIRED_FOR_MS, type Sealer } from './keys.ts'
import { beginningLimits, type MountDeps, mountProvider, pageAssets } from './mount.ts'
import { pageHeaders } from './page.ts'
import { EMBEDDED_SCOPE, MOUNT } from './provider.ts'
import { createSignIns, type SignIns } from './sign-ins.ts'
import { createSteps } from './steps.ts'
import { createVerifier, type Verifier } from './verifier.ts'

const SWEEP_EVERY_MS = 10 * 60_000
const FORM_BYTES = 16_384

/** What the vault keeps for sign-in; the context of each is its table and primary key. */
export const identitySealed: readonly SealedColumn[] = [
  { table: 'registry.oidc_key', column: 'sealed', key: ['kid'] },
  { table: 'registry.account', column: 'totp', key: ['person'] },
  { table: 'registry.account', column: 'totp_offered', key: ['person'] },
]

/** An issuer other than Pulse's own. */
export interface ForeignIssuer {
  readonly url: string
  readonly scope: string
  readonly mapping: ClaimMapping
}

export interface IdentityServiceDeps {
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
  readonly vault: Sealer
  readonly passwordCost: PasswordCost
  readonly clientId: string
  /** What access tokens must be for. */
  readonly audience: string
  /** Scheme, host and port that browsers use; known once Pulse listens. */
  readonly origin: () => string
  /** Undefined: people sign in at the embedded provider. */
  readonly foreign: ForeignIssuer | undefined
  /** How the hashing of passwords is bounded. */
  readonly queue?: HashQueue
  /** How many sign-ins one address may begin. */
  readonly beginnings?: ThrottleLimits
}

/** Who signs in, and how it is proven: the embedded provider, or what a foreign issuer says. */
export interface IdentityService {
  readonly verify: VerifyBearer
  readonly accounts: Accounts
  readonly signIns: SignIns
  signInFacts(): SignInFacts
  /** Other origins that the portal asks for tokens: its content policy must let it. */
  connectsTo(): readonly string[]
  /**
   * Registers `/v1/sign-in`, `/v1/account…`, and for the embedded provider `/auth/…`, with the page
   * of invitations when there are any.
   */
  routes(app: Shell, joining?: Joining): Promise<void>
  /** Replaces the embedded provider's signing key; nobody is signed out by it. */
  rotateKeys(): Promise<void>
  /** Begins to delete what has expired, and asks a foreign issuer for its keys. */
  start(): void
  close(): Promise<void>
}

export function createIdentityService(deps: IdentityServiceDeps): IdentityService {
  const { app, clock, log, foreign } = deps
  const ring = createKeyRing(deps)
  const accounts = createAccounts(deps)
  const signIns = createSignIns({ app, clock, accounts })
  const served = createEmbedded({ ...deps, ring, accounts, signIns })
  const abroad = foreign && createForeign(deps, foreign)
  const verify = abroad?.verify ?? verifyEmbedded(deps, ring)
  let sweep: { stop(): Promise<void> } | undefined
  const signInFacts = (): SignInFacts => ({
    issuer: foreign?.url ?? `${deps.origin()}${MOUNT}`,
    clientId: deps.clientId,
    scope: foreign?.scope ?? EMBEDDED_SCOPE,
    embedded: foreign === undefined,
  })
  return {
    verify,
    accounts,
    signIns,
    signInFacts,
    connectsTo: () => abroad?.origins() ?? [],
    async routes(shell, joining) {
      accountRoutes(shell, { verify, accounts, signIns, signInFacts })
      if (foreign) return
      const steps = createSteps(app, clock)
      const beginnings = createThrottle(clock, deps.beginnings ?? beginningLimits)
      await providerRoutes(shell, { served, accounts, steps, joining, beginnings })
    },
    rotateKeys: async () => void (await ring.rotate()),
    start() {
      void abroad?.warmUp()
      const work = () => sweepIdentity(app, clock.now(), clock.now() - RETIRED_FOR_MS)
      sweep = every(
        clock,
        SWEEP_EVERY_MS,
        async () => void (await work()),
        (error) => log.warn({ err: error }, 'expired sign-ins wait to be deleted'),
      )
    },
    close: async () => sweep?.stop(),
  }
}

interface ProviderRoutesDeps extends InteractionDeps, MountDeps {
  readonly joining: Joining | undefined
}

/** Pulse's own pages read forms; what else is under `/auth` goes to the library unread. */
async function providerRoutes(shell: Shell, deps: ProviderRoutesDeps): Promise<void> {
  const { served, joining } = deps
  await shell.register(async (scope) => {
    const pages = scope as unknown as Shell
    takeForms(pages)
    pageAssets(pages)
    interactionRoutes(pages, deps)
    if (joining) invitationRoutes(pages, { served, joining })
  })
  await shell.register(async (scope) => mountProvider(scope as unknown as Shell, deps))
}

/** Reads posted forms, and nothing else; and gives the pages their own headers. */
function takeForms(pages: Shell): void {
  pages.removeAllContentTypeParsers()
  pages.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
  pages.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(pageHeaders)) reply.header(name, value)
  })
}

/** Verifies what a foreign issuer signed, and learns where browsers find it. */
function createForeign(deps: IdentityServiceDeps, { url, mapping }: ForeignIssuer) {
  let origins = [new URL(url).origin]
  const keys = createForeignKeys({
    issuer: url,
    clock: deps.clock,
    log: deps.log,
    onFetched(found) {
      // A token that was found good may bear a key that the issuer has taken back.
      verifier.forget()
      origins = [...new Set([url, found.token_endpoint].map((address) => new URL(address).origin))]
    },
  })
  const verifier: Verifier = createVerifier({
    ...deps,
    issuer: () => url,
    keys: keys.get,
    identityOf: (claims) => foreignIdentity(claims, url, mapping),
  })
  return { verify: verifier.verify, warmUp: keys.warmUp, origins: () => origins }
}

function verifyEmbedded(deps: IdentityServiceDeps, ring: KeyRing): VerifyBearer {
  let seen: { readonly version: string; readonly get: JWTVerifyGetKey } | undefined
  const { verify, forget } = createVerifier({
    ...deps,
    issuer: () => `${deps.origin()}${MOUNT}`,
    keys: async (header, token) => {
      try {
        return await use(await ring.current())(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        return use(await ring.look())(header, token)
      }
    },
    identityOf: embeddedIdentity,
  })
  function use(keys: KeySet): JWTVerifyGetKey {
    if (seen?.version !== keys.version) {
      // Tokens that were found good may bear a key that is refused from now on.
      forget()
      const set = { keys: [...keys.accepted] } as JSONWebKeySet
      seen = { version: keys.version, get: createLocalJWKSet(set) }
    }
    return seen.get
  }
  return async (bearer) => {
    use(await ring.current())
    return verify(bearer)
  }
}
