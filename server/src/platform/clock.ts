/** Time as a dependency: what Pulse decides by time, it decides by this. Retries of I/O may just wait. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Epoch microseconds, an integer. */
  nowMicros(): number
  /** Runs `work` once after `ms`; the result cancels it. Does not keep the process alive. */
  after(ms: number, work: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  nowMicros: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  after(ms, work) {
    const timer = setTimeout(work, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A clock that moves only when told. Due work runs in order of its time. */
export interface ManualClock extends Clock {
  advance(ms: number): void
}

export function manualClock(startMs: number): ManualClock {
  let nowMs = startMs
  let order = 0
  const due: { at: number; order: number; work: () => void }[] = []
  return {
    now: () => nowMs,
    nowMicros: () => nowMs * 1000,
    after(ms, work) {
      const entry = { at: nowMs + ms, order: order++, work }
      due.push(entry)
      due.sort((a, b) => a.at - b.at || a.order - b.order)
      return () => {
        const index = due.indexOf(entry)
        if (index >= 0) due.splice(index, 1)
      }
    },
    advance(ms) {
      const until = nowMs + ms
      for (let next = due[0]; next && next.at <= until; next = due[0]) {
        due.shift()
        nowMs = Math.max(nowMs, next.at)
        next.work()
      }
      nowMs = until
    },
  }
}

/** Runs `work` again and again, `ms` after it has ended, until stopped; errors go to `onError`. */
export function every(
  clock: Clock,
  ms: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  const arm = () => {
    if (stopped) return
    cancel = clock.after(ms, () => {
      running = work().catch(onError).finally(arm)
    })
  }
  arm()
  return {
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
