import { timingSafeEqual } from 'node:crypto'
import { type ApiKey, type ApiKeyDraft, keyMayHave } from '@pulse/contract'
import {
  type Clock,
  type Database,
  emit,
  inTenant,
  type Log,
  type Principal,
  PulseError,
} from '#platform'
import { type Grant, known, withinOwn } from './access.ts'
import { type Act, audit } from './act.ts'
import {
  type ApiKeyFacts,
  apiKeyFacts,
  insertApiKey,
  noteKeyUse,
  revokeApiKey,
  selectApiKey,
  selectApiKeys,
} from './api-keys-rows.ts'
import { refuse } from './errors.ts'
import { createBriefCache } from './people-cache.ts'
import { createSeen } from './people-seen.ts'
import { drawApiKey, readApiKey, sha256 } from './secrets.ts'

/** How long a key that another process revoked may go on. */
const FRESH_MS = 2000
const YEAR_MS = 366 * 86_400_000
const MAX_YEARS = 2
/** What an unknown key is compared with, so that it takes the same way as a wrong one. */
const noHash = Buffer.alloc(32)

/** The API keys of services. A key belongs to one tenant and does what its permissions say. */
export interface ApiKeys {
  list(tenant: number): Promise<readonly ApiKey[]>
  /** @throws `registry.beyond-own`, `platform.invalid` for an end that is past or too far */
  make(grant: Grant, draft: ApiKeyDraft): Promise<ApiKey & { readonly key: string }>
  /** Ends a key at once; revoking twice changes nothing. @throws `registry.unknown-key` */
  revoke(act: Act, id: string): Promise<void>
  /** Who bears this key. @throws `registry.unauthenticated` for unknown, wrong, expired and revoked */
  authenticate(bearer: string): Promise<Principal>
  /** Drops what is cached. */
  forget(): void
  /** Writes when keys were last used, now. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface ApiKeysDeps {
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
}

export function createApiKeys(deps: ApiKeysDeps): ApiKeys {
  const { app, clock } = deps
  const cache = createBriefCache<ApiKeyFacts>(clock, FRESH_MS)
  const use = createSeen({ ...deps, write: (used) => noteKeyUse(app, used) })
  return {
    list: (tenant) => inTenant(app, tenant, selectApiKeys),
    make: (grant, draft) => make(deps, grant, draft),
    async revoke(act, id) {
      await inTenant(app, act.tenant, async (sql) => {
        const row = await selectApiKey(sql, id)
        if (!row) throw refuse.unknownKey()
        if (!(await revokeApiKey(sql, id, clock.now()))) return
        const subject = `key:${id}`
        const before = { name: row.name, permissions: row.permissions }
        await audit(sql, act, 'registry.key-revoked', { subject, before })
        const type = 'registry.api-key-revoked'
        await emit(sql, [{ type, tenant: act.tenant, subject, data: { key: id } }], clock.now())
      })
      cache.clear()
    },
    async authenticate(bearer) {
      const parts = readApiKey(bearer)
      if (!parts) throw refuse.unauthenticated()
      const facts = await cache.get(parts.id, () => apiKeyFacts(app, parts.id))
      const same = timingSafeEqual(sha256(parts.secret), facts?.hash ?? noHash)
      const ended = !facts || facts.revoked || facts.expiresAt.getTime() <= clock.now()
      if (!same || ended) throw refuse.unauthenticated()
      use.note(facts.id)
      return principalOf(facts)
    },
    forget: cache.clear,
    flush: use.flush,
    close: use.close,
  }
}

async function make({ app, clock }: ApiKeysDeps, grant: Grant, draft: ApiKeyDraft) {
  const nowMs = clock.now()
  const expiresMs = Date.parse(draft.expiresAt)
  if (expiresMs <= nowMs || expiresMs > nowMs + MAX_YEARS * YEAR_MS) {
    const message = `must be in the future, at most ${MAX_YEARS} years ahead`
    const detail = `expiresAt: ${message}`
    throw new PulseError('platform.invalid', { detail, fields: [{ path: 'expiresAt', message }] })
  }
  const permissions = [...new Set(draft.permissions)].sort()
  withinOwn(grant, permissions)
  const { id, key, hash } = drawApiKey()
  const made: ApiKey = {
    id,
    name: draft.name,
    permissions,
    createdAt: new Date(nowMs).toISOString(),
    createdBy: grant.actor.name ?? grant.actor.id,
    expiresAt: new Date(expiresMs).toISOString(),
    lastUsedAt: null,
    revokedAt: null,
  }
  await inTenant(app, grant.tenant, async (sql) => {
    await insertApiKey(sql, made, { hash, by: grant.actor.id })
    const after = { name: made.name, permissions, expiresAt: made.expiresAt }
    await audit(sql, grant, 'registry.key-made', { subject: `key:${id}`, after })
  })
  return { ...made, key }
}

const principalOf = (facts: ApiKeyFacts): Principal => ({
  kind: 'key',
  id: facts.id,
  name: facts.name,
  operator: false,
  tenants: [
    {
      tenant: facts.tenant,
      key: facts.tenantKey,
      name: facts.tenantName,
      region: facts.region,
      role: facts.name,
      permissions: new Set(known(facts.permissions).filter(keyMayHave)),
      suspended: facts.suspended,
      entering: undefined,
    },
  ],
})
