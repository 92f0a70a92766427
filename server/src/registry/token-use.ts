import type { Clock, PipelineSql } from '#platform'
import { updateTokenUse } from './directory-rows.ts'

/** Between two notes of one token. */
const APART_MS = 60_000
/** Tokens whose last note is remembered; past it, a token may be noted once too often. */
const REMEMBERED = 200_000

/** Remembers when tokens were used, and writes it behind: a login must not wait for it. */
export function createTokenUse(sql: PipelineSql, clock: Clock) {
  const notedAt = new Map<string, number>()
  let dirty = new Map<string, number>()
  return {
    /** `lastUsedAt` is what the database knew when the token was loaded. */
    note(credential: string, lastUsedAt: Date | null): void {
      const nowMs = clock.now()
      const before = notedAt.get(credential) ?? lastUsedAt?.getTime()
      if (before !== undefined && nowMs - before < APART_MS) return
      if (notedAt.size >= REMEMBERED) notedAt.clear()
      notedAt.set(credential, nowMs)
      dirty.set(credential, nowMs)
    },
    async flush(): Promise<void> {
      if (dirty.size === 0) return
      const noted = dirty
      dirty = new Map()
      await updateTokenUse(sql, [...noted.keys()], [...noted.values()])
    },
  }
}
