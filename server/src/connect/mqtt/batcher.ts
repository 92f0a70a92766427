/** Gathers small writes into one statement: while one is under way, the next ones wait together. */
export interface Batcher<T> {
  /** Resolves when `item` has been written. */
  add(item: T): Promise<void>
  /** Resolves when nothing is left to write. */
  idle(): Promise<void>
}

const LARGEST = 1000

export function createBatcher<T>(write: (items: readonly T[]) => Promise<unknown>): Batcher<T> {
  let waiting: T[] = []
  let next: Promise<void> | undefined
  let running: Promise<unknown> = Promise.resolve()

  async function run(before: Promise<unknown>): Promise<void> {
    await before
    const items = waiting
    waiting = []
    next = undefined
    for (let at = 0; at < items.length; at += LARGEST) await write(items.slice(at, at + LARGEST))
  }

  return {
    add(item) {
      waiting.push(item)
      if (!next) {
        next = run(running)
        running = next.catch(() => {})
      }
      return next
    },
    async idle() {
      await running
    },
  }
}
