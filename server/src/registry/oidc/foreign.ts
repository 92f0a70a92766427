import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { type Clock, type Log, PulseError } from '#platform'

const FETCH_MS = 5000
/** The issuer is asked at most so often for keys that it is not known to have. */
const COOL_DOWN_MS = 10_000
/** Keys are asked for again after so long, so that one that was taken back is not good for ever. */
const FRESH_MS = 10 * 60_000
const RETRY_AFTER_S = 5

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() })
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

export interface ForeignDeps {
  readonly issuer: string
  readonly clock: Clock
  readonly log: Log
}

/**
 * The keys of a foreign issuer, found by its discovery document. They are asked for again when a
 * token names one that is not known, and every ten minutes; while the issuer is away, those that
 * are known stay good.
 *
 * @throws `platform.unavailable` when the issuer is away and the key is not known
 */
export function createForeignKeys({ issuer, clock, log }: ForeignDeps): JWTVerifyGetKey {
  let known: { readonly get: JWTVerifyGetKey; readonly atMs: number } | undefined
  let triedMs = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | undefined

  const refresh = (): Promise<void> => {
    triedMs = clock.now()
    pending ??= fetchKeys(issuer)
      .then((keys) => {
        known = { get: createLocalJWKSet(keys), atMs: clock.now() }
      })
      .catch((error: unknown) => {
        log.warn({ err: error, issuer }, 'the identity provider cannot be asked for its keys')
        throw new PulseError('platform.unavailable', { cause: error, retryAfterS: RETRY_AFTER_S })
      })
      .finally(() => {
        pending = undefined
      })
    return pending
  }
  const rested = () => clock.now() - triedMs >= COOL_DOWN_MS

  return async (header, token) => {
    if (!known) await refresh()
    // Old keys are better than none: a failure here only leaves them in force.
    else if (clock.now() - known.atMs > FRESH_MS && rested()) await refresh().catch(() => {})
    if (!known) throw new PulseError('platform.unavailable', { retryAfterS: RETRY_AFTER_S })
    try {
      return await known.get(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !rested()) throw error
      await refresh()
      return known.get(header, token)
    }
  }
}

async function fetchKeys(issuer: string): Promise<JSONWebKeySet> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const found = discovery.parse(await fetchJson(address))
  if (found.issuer !== issuer) {
    throw new Error(`${address} speaks for the issuer ${found.issuer}, not for ${issuer}`)
  }
  return keySet.parse(await fetchJson(found.jwks_uri)) as JSONWebKeySet
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
