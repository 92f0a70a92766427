import { PulseError } from '#platform'

export interface HashQueueLimits {
  /** How many hashes are made at once; each takes a thread and 32 MiB. */
  readonly atOnce: number
  /** How many may wait. */
  readonly waiting: number
}

export const hashQueueLimits: HashQueueLimits = { atOnce: 2, waiting: 32 }
/** What a caller is told to wait when the queue is full. */
const RETRY_AFTER_S = 5

/** Runs costly work a few at a time. */
export type HashQueue = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Bounds the hashing of passwords: a flood of sign-ins must neither take every thread of the pool,
 * which files and name lookups need too, nor gather without end.
 *
 * @throws `platform.limited` when too many wait
 */
export function createHashQueue({ atOnce, waiting }: HashQueueLimits = hashQueueLimits): HashQueue {
  let running = 0
  const queue: (() => void)[] = []
  return async (work) => {
    if (running >= atOnce) {
      if (queue.length >= waiting) {
        throw new PulseError('platform.limited', { retryAfterS: RETRY_AFTER_S })
      }
      await new Promise<void>((resolve) => queue.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      // The place goes to the next in the queue, or becomes free.
      const next = queue.shift()
      if (next) next()
      else running--
    }
  }
}
