import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { type ConnectionFacts, connect, type Database } from './sql.ts'

export interface Guard {
  /** Takes the lock. @throws an error with its remedy when another process keeps it */
  start(): Promise<void>
  close(): Promise<void>
}

/** How long a predecessor that was just killed may still seem to hold the lock. */
const PATIENCE_MS = 5000
const LOOK_EVERY_MS = 250

class AlreadyRunning extends Error {
  readonly remedy = 'Stop the other one, or give this one a database of its own.'
  constructor() {
    super('another Pulse works on this database. Stop it, or give this one a database of its own')
  }
}

/**
 * Lets one process at a time run the lanes of a database: their caches are right only while they
 * are the one writer. An advisory lock on a connection of its own; when that connection dies the
 * lock is taken again, and `onLost` is called when another process was quicker.
 */
export function createGuard(deps: {
  readonly facts: ConnectionFacts
  readonly clock: Clock
  readonly log: Log
  readonly onLost: (error: Error) => void
}): Guard {
  let db: Database | undefined
  let closing = false

  const take = async (): Promise<void> => {
    const deadline = deps.clock.now() + PATIENCE_MS
    for (;;) {
      if (await tryLock()) return
      if (closing || deps.clock.now() > deadline) throw new AlreadyRunning()
      await new Promise<void>((resolve) => deps.clock.after(LOOK_EVERY_MS, resolve))
    }
  }
  const tryLock = async (): Promise<boolean> => {
    const pool = connect(deps.facts, 'pulse_pipeline', {
      max: 1,
      name: 'pulse guard',
      onClose: () => lost(pool),
    })
    const [row] = await pool<{ mine: boolean }[]>`
      select pg_try_advisory_lock(hashtext('pulse.pipeline')) as mine`
    if (row?.mine) db = pool
    else await pool.end({ timeout: 0 })
    return row?.mine === true
  }
  const lost = (pool: Database): void => {
    if (closing || db !== pool) return
    db = undefined
    void again()
  }
  const again = async (): Promise<void> => {
    while (!closing) {
      try {
        await take()
        return
      } catch (error) {
        if (error instanceof AlreadyRunning) return deps.onLost(error)
        deps.log.warn({ err: error }, 'guard waits for the database')
        await new Promise<void>((resolve) => deps.clock.after(LOOK_EVERY_MS, resolve))
      }
    }
  }

  return {
    start: take,
    async close() {
      closing = true
      await db?.end({ timeout: 1 })
    },
  }
}
