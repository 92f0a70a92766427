/** Time as the fleet sees it. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Runs `work` every `ms` milliseconds; returns how to stop. */
  readonly every: (ms: number, work: () => void) => () => void
}

export const systemClock: Clock = {
  now: Date.now,
  every: (ms, work) => {
    const timer = setInterval(work, ms)
    return () => clearInterval(timer)
  },
}
