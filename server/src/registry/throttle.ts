import type { Clock } from '#platform'

interface Attempts {
  count: number
  /** When the oldest of them is forgotten, epoch milliseconds. */
  until: number
}

export interface ThrottleLimits {
  readonly attempts: number
  readonly windowMs: number
}

/** Counts attempts per key in a fixed window that begins with the first. */
export interface Throttle {
  /** Counts an attempt; answers how long to wait in seconds, or 0 when it may go on. */
  attempt(key: string): number
  /** Takes an attempt back: it was right. */
  forgive(key: string): void
}

/** Above this many keys, those whose window has ended go, and then the oldest. */
const MAX_KEYS = 50_000

/**
 * Makes a throttle in memory. An attempt counts before it is judged, so that many at once do
 * not slip through.
 */
export function createThrottle(clock: Clock, limits: ThrottleLimits): Throttle {
  const seen = new Map<string, Attempts>()
  const prune = (nowMs: number) => {
    for (const [key, attempts] of seen) {
      if (attempts.until > nowMs && seen.size <= MAX_KEYS) return
      seen.delete(key)
    }
  }
  return {
    attempt(key) {
      const nowMs = clock.now()
      let attempts = seen.get(key)
      if (!attempts || attempts.until <= nowMs) {
        attempts = { count: 0, until: nowMs + limits.windowMs }
        seen.delete(key)
        seen.set(key, attempts)
        prune(nowMs)
      }
      if (attempts.count >= limits.attempts) return Math.ceil((attempts.until - nowMs) / 1000)
      attempts.count++
      return 0
    },
    forgive(key) {
      const attempts = seen.get(key)
      if (attempts && attempts.count > 0) attempts.count--
    },
  }
}
