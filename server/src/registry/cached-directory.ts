import { timingSafeEqual } from 'node:crypto'
import { type Clock, every, type Log, type PipelineSql } from '#platform'
import { nameOf } from './device-cache.ts'
import type { DeviceLogin, Directory } from './directory.ts'
import { createDirectoryStore } from './directory-store.ts'
import { readDeviceToken, sha256 } from './secrets.ts'
import { createTokenUse } from './token-use.ts'

export interface DirectoryDeps {
  readonly sql: PipelineSql
  readonly clock: Clock
  readonly log: Log
  /** Devices kept in memory, at most; about 1 KB each. */
  readonly limit?: number
}

/** A directory that must be closed: it writes behind when tokens were last used. */
export interface CachedDirectory extends Directory {
  /** Writes what was noted of the use of tokens now. */
  flush(): Promise<void>
  close(): Promise<void>
}

const DEFAULT_LIMIT = 200_000
const FLUSH_MS = 5_000
const nobody: DeviceLogin = { ok: false, why: 'unknown' }
/** What an unknown token is compared with, so that it takes the same way as a wrong one. */
const noHash = Buffer.alloc(32)

/**
 * Makes the {@link Directory}. It caches what exists, never what does not (a device registered a
 * second later must get in), and gathers concurrent misses into one query.
 */
export function createDirectory(deps: DirectoryDeps): CachedDirectory {
  const store = createDirectoryStore(deps.sql, deps.limit ?? DEFAULT_LIMIT)
  const use = createTokenUse(deps.sql, deps.clock)
  const flusher = every(deps.clock, FLUSH_MS, use.flush, (error) =>
    deps.log.warn({ err: error }, 'the last use of tokens is not written'),
  )

  async function check(token: string, username?: string): Promise<DeviceLogin> {
    const parts = readDeviceToken(token)
    if (!parts) return nobody
    const kept = await store.credential(parts.credential)
    const same = timingSafeEqual(sha256(parts.secret), kept?.hash ?? noHash)
    if (!kept || !same) return nobody
    const { device } = kept
    if (username !== undefined && nameOf(device) !== username) return nobody
    if (kept.revoked) return { ok: false, why: 'revoked' }
    if (device.tenant.suspended) return { ok: false, why: 'suspended' }
    use.note(kept.id, kept.lastUsedAt)
    return { ok: true, device, credential: kept.id }
  }

  return {
    tenant: store.tenant,
    device: (tenantKey, deviceKey) => store.device(`${tenantKey}/${deviceKey}`),
    async deviceIn(tenant, deviceKey) {
      const [row] = await deps.sql<{ id: number }[]>`
        select id from registry.device where tenant = ${tenant} and key = ${deviceKey}`
      return row && store.deviceById(row.id)
    },
    async devices(ids) {
      const found = await Promise.all(ids.map(store.deviceById))
      return new Map(found.flatMap((device) => (device ? [[device.id, device]] : [])))
    },
    login: (username, token) => check(token, username),
    loginByToken: (token) => check(token),
    forget: store.forget,
    flush: use.flush,
    async close() {
      await flusher.stop()
      await use
        .flush()
        .catch((error: unknown) => deps.log.warn({ err: error }, 'the last use of tokens is lost'))
    },
  }
}
