import { type Clock, every, type Log } from '#platform'

/** Between two notes of one thing. */
const APART_MS = 60_000
const FLUSH_MS = 5000
/** Things whose last note is remembered; past it, one may be noted once too often. */
const REMEMBERED = 50_000

/** Notes when things were last seen, and writes it behind: no request waits for it. */
export interface Seen {
  note(id: string): void
  flush(): Promise<void>
  close(): Promise<void>
}

export function createSeen(deps: {
  readonly clock: Clock
  readonly log: Log
  write(seen: ReadonlyMap<string, number>): Promise<unknown>
}): Seen {
  const notedAt = new Map<string, number>()
  let dirty = new Map<string, number>()
  const flush = async (): Promise<void> => {
    if (dirty.size === 0) return
    const seen = dirty
    dirty = new Map()
    await deps.write(seen)
  }
  const lost = (error: unknown) =>
    deps.log.warn({ err: error }, 'when people and keys were last seen is not written')
  const flusher = every(deps.clock, FLUSH_MS, flush, lost)
  return {
    note(id) {
      const nowMs = deps.clock.now()
      const before = notedAt.get(id)
      if (before !== undefined && nowMs - before < APART_MS) return
      if (notedAt.size >= REMEMBERED) notedAt.clear()
      notedAt.set(id, nowMs)
      dirty.set(id, nowMs)
    },
    flush,
    async close() {
      await flusher.stop()
      await flush().catch(lost)
    },
  }
}
