import type { Clock } from '../fleet/clock.ts'

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets `ms` pass and does what falls due meanwhile. */
  readonly advance: (ms: number) => void
}

export function createManualClock(startMs: number): ManualClock {
  let now = startMs
  const timers = new Set<{ readonly ms: number; readonly work: () => void; nextAt: number }>()
  return {
    now: () => now,
    every: (ms, work) => {
      const timer = { ms, work, nextAt: now + ms }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (ms) => {
      const end = now + ms
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.nextAt - b.nextAt)
        if (!next || next.nextAt > end) break
        now = next.nextAt
        next.nextAt += next.ms
        next.work()
      }
      now = end
    },
  }
}
