import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { PulseError } from '../errors.ts'
import { type Database, inTenant, type TenantSql } from '../sql.ts'
import { IDEMPOTENCY_HEADER, idempotencyKey } from './idempotency-key.ts'
import type { Shell } from './shell.ts'

/** How long an answer is kept. */
const KEPT_MS = 24 * 3_600_000
/** How long a request waits for an equal one that is under way. */
const PATIENCE_MS = 5000
/** After this the database ends a claim whose request never came to an answer. */
const CLAIM_MS = 60_000

export interface IdempotencyDeps {
  /** A pool of `pulse_app` of its own: a claim holds one connection while the route uses others. */
  readonly db: Database
  readonly clock: Clock
}

/** What was answered, as it is kept. */
interface Answer {
  readonly request: string
  readonly status: number
  readonly body: string
  readonly secret: boolean
}

/** A key whose request is under way. `settle` keeps the answer, or nothing, and frees the key. */
interface Claim {
  settle(answer: Answer | undefined): Promise<void>
}

declare module 'fastify' {
  interface FastifyRequest {
    claim: Claim | undefined
  }
}

/**
 * Makes every write with a permission take `Idempotency-Key`; call it before routes are
 * registered.
 *
 * The first request with a key runs; its answer, when it is a 2xx or a 4xx other than 429, is
 * kept for 24 hours. The same request (method, address, body) with the same key gets the kept
 * answer and `idempotent-replay: true`; another request gets `platform.idempotency-key`. Equal
 * requests at once: the later waits for the first, at most 5 s, then gets 503. A request that is
 * refused before it runs (401, 403, a body that does not fit) does not use its key up. An answer
 * that shows a secret (`config.secret`) is not kept: the replay is `platform.idempotency-secret`.
 *
 * The answer is kept in a transaction after that of the change: when Pulse dies between the two,
 * the same request runs again.
 */
export function takeIdempotencyKeys(app: Shell, deps: IdempotencyDeps): void {
  app.decorateRequest('claim', undefined)
  // After validation: a request that does not fit may be mended and sent with its key.
  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request)
    if (key === undefined || !request.membership) return
    const { tenant } = request.membership
    const claimed = await claim(deps, { tenant, key, request: fingerprint(request) })
    if ('settle' in claimed) request.claim = claimed
    else return replay(reply, claimed)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const held = request.claim
    if (!held) return payload
    request.claim = undefined
    // The change is done: that its answer could not be kept must not turn it into a failure.
    await held.settle(answerOf(request, reply, payload)).catch((error: unknown) => {
      request.log.warn({ err: error, requestId: request.id }, 'an answer was not kept for its key')
    })
    return payload
  })
}

/** Deletes what is older than 24 hours, as `pulse_owner`. */
export async function forgetIdempotencyKeys(owner: Database, clock: Clock): Promise<void> {
  const before = new Date(clock.now() - KEPT_MS)
  await owner`delete from platform.idempotency where created_at < ${before}`
}

/** @throws `platform.invalid` for a key that is no key */
function keyOf(request: FastifyRequest): string | undefined {
  const given = request.headers[IDEMPOTENCY_HEADER]
  if (given === undefined || !['POST', 'PUT', 'PATCH', 'DELETE'].includes(request.method))
    return undefined
  const key = idempotencyKey.safeParse(given)
  if (key.success) return key.data
  throw new PulseError('platform.invalid', {
    detail: 'Idempotency-Key: use 1 to 128 visible ASCII characters.',
  })
}

const fingerprint = (request: FastifyRequest): string =>
  createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest('hex')

function answerOf(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Answer | undefined {
  const status = reply.statusCode
  if (status >= 500 || status === 429) return undefined
  const secret = request.routeOptions.config.secret === true && status < 400
  const body = secret || typeof payload !== 'string' ? '' : payload
  return { request: fingerprint(request), status, body, secret }
}

function replay(reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.secret) throw new PulseError('platform.idempotency-secret')
  reply.code(answer.status).header('idempotent-replay', 'true')
  if (answer.body === '') return reply.send()
  const type = answer.status >= 400 ? 'application/problem+json' : 'application/json'
  return reply
    .type(`${type}; charset=utf-8`)
    .serializer((text: unknown) => String(text))
    .send(answer.body)
}

interface Claimant {
  readonly tenant: number
  readonly key: string
  readonly request: string
}

/**
 * Takes the key for this request, or gives the answer that it has already. The key is locked by
 * a transaction that stays open until `settle`, so a crash frees it by itself.
 *
 * @throws `platform.idempotency-key` when another request had it, `platform.unavailable` when an
 * equal one is still under way
 */
function claim({ db, clock }: IdempotencyDeps, of: Claimant): Promise<Claim | Answer> {
  return new Promise((resolve, reject) => {
    const ended = inTenant(db, of.tenant, async (sql) => {
      await lock(sql, of)
      const known = await find(sql, of.key)
      if (known) {
        if (known.request !== of.request) throw new PulseError('platform.idempotency-key')
        return resolve(known)
      }
      const { promise, resolve: settled } = Promise.withResolvers<Answer | undefined>()
      resolve({
        settle(answer) {
          settled(answer)
          return ended
        },
      })
      const answer = await promise
      if (answer) await keep(sql, of.key, { ...answer, at: new Date(clock.now()) })
    })
    ended.catch((error: unknown) => reject(busy(error)))
  })
}

async function lock(sql: TenantSql, { tenant, key }: Claimant): Promise<void> {
  await sql`select set_config('lock_timeout', ${`${PATIENCE_MS}ms`}, true),
                   set_config('idle_in_transaction_session_timeout', ${`${CLAIM_MS}ms`}, true)`
  await sql`select pg_advisory_xact_lock(hashtextextended(${`idempotency ${tenant} ${key}`}, 0))`
}

async function find(sql: TenantSql, key: string): Promise<Answer | undefined> {
  const [row] = await sql<Answer[]>`
    select request, status, body, secret from platform.idempotency where key = ${key}`
  return row
}

async function keep(sql: TenantSql, key: string, answer: Answer & { at: Date }): Promise<void> {
  const { request, status, body, secret, at } = answer
  await sql`
    insert into platform.idempotency (key, request, status, body, secret, created_at)
    values (${key}, ${request}, ${status}, ${body}, ${secret}, ${at})
    on conflict do nothing`
}

function busy(error: unknown): unknown {
  if ((error as { code?: string }).code !== '55P03') return error
  return new PulseError('platform.unavailable', {
    detail: 'A request with this Idempotency-Key is still under way.',
    retryAfterS: 2,
  })
}
