import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { type Clock, type Log, PulseError } from '#platform'

const FETCH_MS = 5000
/** The issuer is asked at most so often for keys that it is not known to have, or while it is away. */
const COOL_DOWN_MS = 10_000
/** Keys are asked for again after so long, so that one that was taken back is not good for ever. */
const FRESH_MS = 10 * 60_000
const RETRY_AFTER_S = 5

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url(), token_endpoint: z.url() })
type Discovery = z.infer<typeof discovery>

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

export interface ForeignDeps {
  readonly issuer: string
  readonly clock: Clock
  readonly log: Log
  /**
   * Told what the issuer says of itself when the keys were fetched: what was found good by earlier
   * ones is to be looked at again.
   */
  readonly onFetched?: (discovery: Discovery) => void
}

export interface ForeignKeys {
  readonly get: JWTVerifyGetKey
  /** Fetches them before the first token comes. A failure is logged, and made up for later. */
  warmUp(): Promise<void>
}

/**
 * The keys of a foreign issuer, found by its discovery document. They are asked for again when a
 * token names one that is not known, and every ten minutes; while the issuer is away, those that
 * are known stay good.
 *
 * @throws `platform.unavailable` when the issuer is away and the key is not known
 */
export function createForeignKeys(deps: ForeignDeps): ForeignKeys {
  const store = createStore(deps)
  return {
    async get(header, token) {
      const keys = await store.keys()
      try {
        return await keys(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        return (await store.newer(keys, error))(header, token)
      }
    },
    async warmUp() {
      await store.keys().catch(() => {})
    },
  }
}

/** Fetches the keys of an issuer and keeps them. */
function createStore({ issuer, clock, log, onFetched }: ForeignDeps) {
  let known: { readonly get: JWTVerifyGetKey; readonly atMs: number } | undefined
  let triedMs = Number.NEGATIVE_INFINITY
  let missedMs = Number.NEGATIVE_INFINITY
  let away = false
  let pending: Promise<JWTVerifyGetKey> | undefined

  const fetched = async (): Promise<JWTVerifyGetKey> => {
    triedMs = clock.now()
    try {
      const found = await discover(issuer)
      const keys = keySet.parse(await fetchJson(found.jwks_uri)) as JSONWebKeySet
      const get = createLocalJWKSet(keys)
      known = { get, atMs: clock.now() }
      away = false
      onFetched?.(found)
      return get
    } catch (error) {
      away = true
      log.warn({ err: error, issuer }, 'the identity provider cannot be asked for its keys')
      throw unavailable(error)
    }
  }
  const refresh = (): Promise<JWTVerifyGetKey> => {
    pending ??= fetched().finally(() => {
      pending = undefined
    })
    return pending
  }
  const rested = (sinceMs: number) => clock.now() - sinceMs >= COOL_DOWN_MS

  return {
    async keys(): Promise<JWTVerifyGetKey> {
      const last = known
      if (!last) return refresh()
      if (clock.now() - last.atMs <= FRESH_MS || !rested(triedMs)) return last.get
      // Old keys are better than none: a failure leaves them in force.
      return refresh().catch(() => last.get)
    },
    /** Keys that are newer than those among which one was missed. @throws the reason when there are none */
    async newer(than: JWTVerifyGetKey, reason: Error): Promise<JWTVerifyGetKey> {
      // Several requests come with the first token of a new key: one of them asks for all.
      if (known && known.get !== than) return known.get
      if (pending) return pending
      if (!rested(missedMs)) {
        // While nobody can be asked, a key that is not known may still be one of theirs.
        throw away ? unavailable(reason) : reason
      }
      missedMs = clock.now()
      return refresh()
    },
  }
}

const unavailable = (cause?: unknown): PulseError =>
  new PulseError('platform.unavailable', { cause, retryAfterS: RETRY_AFTER_S })

async function discover(issuer: string): Promise<Discovery> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const found = discovery.parse(await fetchJson(address))
  if (found.issuer !== issuer) {
    throw new Error(`${address} speaks for the issuer ${found.issuer}, not for ${issuer}`)
  }
  return found
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_MS),
    headers: { accept: 'application/json' },
  })
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  return response.json()
}
