/** Runs works of one key one after the other; those of different keys side by side. */
export interface Serial {
  /** Resolves as `work` does. An earlier failure does not hold up later work. */
  run(key: string, work: () => Promise<void>): Promise<void>
  idle(): Promise<void>
}

export function createSerial(): Serial {
  const last = new Map<string, Promise<void>>()
  return {
    run(key, work) {
      const before = last.get(key)
      const running = before ? before.then(work) : work()
      const ended = running
        .catch(() => {})
        .then(() => {
          if (last.get(key) === ended) last.delete(key)
        })
      last.set(key, ended)
      return running
    },
    async idle() {
      while (last.size > 0) await Promise.all(last.values())
    },
  }
}
