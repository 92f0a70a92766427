import { asPipeline, type Database, type PipelineSql, reserveOnly } from '#platform'

class ConnectionLost extends Error {
  readonly code = 'CONNECTION_CLOSED'
}

/** The one connection of a lane. It dies once; the lane then opens another. */
export class LaneLink {
  readonly #pool: Database
  #sql: PipelineSql | undefined
  /** Ends the wait of {@link guarded} when the connection dies. */
  #onLost: ((error: Error) => void) | undefined
  #alive = true

  /** `open` makes a pool of one connection, and is told what to call when that dies. */
  constructor(open: (onClose: () => void) => Database) {
    this.#pool = open(() => {
      this.#alive = false
      this.#onLost?.(new ConnectionLost())
    })
  }

  get alive(): boolean {
    return this.#alive
  }

  /** The connection, opened on first use. */
  async sql(): Promise<PipelineSql> {
    this.#sql ??= asPipeline((await this.guarded(reserveOnly(this.#pool))) as unknown as Database)
    return this.#sql
  }

  /**
   * Waits for `work`, or until the connection dies: the driver forgets statements that wait behind
   * one whose parameters it is asking about, and would never settle them.
   */
  guarded<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#onLost = reject
      work.then(resolve, reject)
    }).finally(() => {
      this.#onLost = undefined
    })
  }

  /** Ends it, within `timeoutS` seconds. */
  end(timeoutS: number): Promise<void> {
    this.#alive = false
    return this.#pool.end({ timeout: timeoutS })
  }
}
