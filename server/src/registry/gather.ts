interface Waiting<V> {
  readonly promise: Promise<V | undefined>
  resolve(value: V | undefined): void
  reject(error: unknown): void
}

/**
 * Makes one query of many look-ups: keys asked for within a turn of the event loop, or while the
 * query before is under way, are loaded together. A key asked for twice is loaded once.
 *
 * A reconnect storm of thousands of devices is a handful of queries this way.
 */
export function gather<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
  maxKeys = 1000,
): (key: string) => Promise<V | undefined> {
  const waiting = new Map<string, Waiting<V>>()
  let busy = false

  async function work(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, maxKeys)
      for (const [key] of batch) waiting.delete(key)
      try {
        const found = await load(batch.map(([key]) => key))
        for (const [key, asked] of batch) asked.resolve(found.get(key))
      } catch (error) {
        for (const [, asked] of batch) asked.reject(error)
      }
    }
    busy = false
  }

  return (key) => {
    const asked = waiting.get(key)
    if (asked) return asked.promise
    const fresh = Promise.withResolvers<V | undefined>()
    waiting.set(key, fresh)
    if (!busy) {
      busy = true
      // The rest of this turn's packets come before it, and join the batch.
      setImmediate(() => void work())
    }
    return fresh.promise
  }
}
