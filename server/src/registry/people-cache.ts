import type { Clock } from '#platform'

/** Above this many, all go: each comes back with one query. */
const MAX_KEPT = 20_000

/** Keeps what was loaded for a short while; `undefined` is never kept. */
export interface BriefCache<T> {
  get(key: string, load: () => Promise<T | undefined>): Promise<T | undefined>
  /** Drops everything; a load that is under way is given to who waits for it, and not kept. */
  clear(): void
}

/** Makes a cache whose entries live `ttlMs`. Those who ask at once share one load. */
export function createBriefCache<T>(clock: Clock, ttlMs: number): BriefCache<T> {
  const kept = new Map<string, { readonly until: number; readonly value: Promise<T | undefined> }>()
  return {
    get(key, load) {
      const found = kept.get(key)
      if (found && found.until > clock.now()) return found.value
      if (kept.size >= MAX_KEPT) kept.clear()
      const entry = { until: clock.now() + ttlMs, value: load() }
      kept.set(key, entry)
      const drop = () => {
        if (kept.get(key) === entry) kept.delete(key)
      }
      entry.value.then((value) => value === undefined && drop(), drop)
      return entry.value
    },
    clear: () => kept.clear(),
  }
}
