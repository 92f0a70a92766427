/** Rate of one key: messages per second, and how many may come at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  tokens: number
  at: number
}

/** Token buckets by key. A key that was quiet long enough to be full again is forgotten. */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #buckets = new Map<number, Bucket>()
  #sweptAt = 0

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Takes `count` tokens of `key`, or none: then it says in how many milliseconds they will be there. */
  take(key: number, count: number, nowMs: number): number {
    const { perSecond, burst } = this.#rate
    const bucket = this.#buckets.get(key)
    if (!bucket) {
      this.#sweep(nowMs)
      this.#buckets.set(key, { tokens: burst - count, at: nowMs })
      return 0
    }
    const tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.at) * perSecond) / 1000)
    bucket.at = nowMs
    // More than a whole burst at once is let through when the bucket is full, and paid for after.
    if (tokens < Math.min(count, burst)) {
      bucket.tokens = tokens
      return Math.ceil(((Math.min(count, burst) - tokens) / perSecond) * 1000)
    }
    bucket.tokens = tokens - count
    return 0
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAt < 60_000) return
    this.#sweptAt = nowMs
    const fullAfterMs = (this.#rate.burst / this.#rate.perSecond) * 1000
    for (const [key, bucket] of this.#buckets) {
      if (bucket.tokens >= 0 && nowMs - bucket.at > fullAfterMs) this.#buckets.delete(key)
    }
  }
}
