import type { Clock } from '#platform'

/** Counts that take longer than this are remembered; quicker ones are counted anew each time. */
const SLOW_MS = 25
/** How long a slow count may be repeated: a million devices do not change by much meanwhile. */
const KEEP_MS = 10_000
const MAX_COUNTS = 1000

/** Remembers counts of large fleets for some seconds: they cost far more than a page does. */
export interface CountMemo {
  /** The count under `key`: remembered, else counted. */
  count(key: string, count: () => Promise<number>): Promise<number>
}

export function createCountMemo(clock: Clock): CountMemo {
  const kept = new Map<string, { readonly value: number; readonly until: number }>()
  return {
    async count(key, count) {
      const known = kept.get(key)
      if (known && known.until > clock.now()) return known.value
      const begun = performance.now()
      const value = await count()
      kept.delete(key)
      if (performance.now() - begun < SLOW_MS) return value
      if (kept.size >= MAX_COUNTS) kept.clear()
      kept.set(key, { value, until: clock.now() + KEEP_MS })
      return value
    },
  }
}
