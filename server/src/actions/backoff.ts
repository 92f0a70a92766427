/** How often and how long apart a delivery is tried. */
export interface RetryPlan {
  /** Upper bounds of the waits after each failed attempt, in milliseconds. */
  readonly waitsMs: readonly number[]
  /** A receiver that asks for a longer wait gets at most this. */
  readonly retryAfterMaxMs: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Eight attempts; the last comes after at most 10 h 12 min. */
export const DEFAULT_RETRIES: RetryPlan = {
  waitsMs: [5000, 30_000, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR],
  retryAfterMaxMs: 6 * HOUR,
}

/** Attempts that a plan allows. */
export const attemptsOf = (plan: RetryPlan): number => plan.waitsMs.length + 1

/** No wait is shorter, whatever the dice say. */
const SHORTEST_MS = 1000

/**
 * How long to wait after attempt `number` (from 1) has failed: full jitter, that is anything from
 * 0 (in truth 1 s) to the bound, so that deliveries that failed together do not come back
 * together. What the receiver asked for by Retry-After is a lower bound.
 *
 * @param random from 0 to 1
 */
export function waitAfter(
  plan: RetryPlan,
  number: number,
  random: number,
  retryAfterMs: number | undefined,
): number {
  const bound = plan.waitsMs[Math.min(number, plan.waitsMs.length) - 1] ?? SHORTEST_MS
  const asked = Math.min(retryAfterMs ?? 0, plan.retryAfterMaxMs)
  return Math.round(Math.max(SHORTEST_MS, random * bound, asked))
}

/** Reads a Retry-After header, seconds or an HTTP date; undefined when it says nothing usable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header.trim()) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}
