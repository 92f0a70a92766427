import type { EventDraft } from '@pulse/contract'
import {
  type Clock,
  type Database,
  databaseIsDown,
  emit,
  type Log,
  type PipelineSql,
} from '#platform'
import type { Device } from '#registry'
import { FairQueue } from './fair-queue.ts'
import type { Batch, Item, Outcome } from './items.ts'
import { LaneLink } from './lane-link.ts'
import type { AnyStage, StageFactory } from './stage.ts'
import { TICK_MS, WakeWheel } from './wake-wheel.ts'

/** A batch closes at this many rows or bytes. */
const BATCH_ROWS = 2000
const BATCH_BYTES = 2 * 1024 * 1024
/** A lane is full past this; sockets are not read until it is half empty. */
const FULL_ROWS = 20_000
const FULL_BYTES = 24 * 1024 * 1024
/** How long items wait for a database that is away before their senders are told to come again. */
const PATIENCE_MS = 5000

export interface LaneDeps {
  readonly index: number
  readonly owns: (deviceId: number) => boolean
  /** Opens a pool of one connection as `pulse_pipeline`; `onClose` is called when it dies. */
  readonly open: (onClose: () => void) => Database
  readonly factories: readonly StageFactory[]
  readonly clock: Clock
  readonly log: Log
  /** Called after each commit, with what was committed. */
  readonly onCommit: (batch: Batch) => void
  /** Called when the lane stops being full. */
  readonly onDrain: () => void
  /** Called with an item that PostgreSQL cannot store. */
  readonly onPoison: (item: Item, detail: string) => void
}

/**
 * One writer for a share of the devices: a connection, the stages' caches, and an ordered queue.
 *
 * Modes: *starting* (no connection yet, or lost: items queue; past `PATIENCE_MS` they are given
 * back unacknowledged), *idle* (waits for an item or a poke), *working* (one batch is in its
 * transaction; items that come meanwhile make the next batch). Every batch is load → plan →
 * write and commit → apply → settle. A batch whose outcome is unknown, since the connection died,
 * is run again on caches restored from the database: what was committed is recognised as stored.
 */
export class Lane {
  readonly #deps: LaneDeps
  readonly #queue = new FairQueue()
  readonly #wheel: WakeWheel
  #link: LaneLink | undefined
  #stages: readonly AnyStage[] = []
  #lastMicros = 0
  #poked = false
  #full = false
  #downSince: number | undefined
  #wakeLoop: (() => void) | undefined
  #closed = false
  #done: Promise<void> = Promise.resolve()
  #stopTicks = () => {}
  /** Batches, rows and milliseconds spent, for the benchmarks and the metrics. */
  readonly stats = { batches: 0, rows: 0, loadMs: 0, planMs: 0, writeMs: 0, applyMs: 0 }

  constructor(deps: LaneDeps) {
    this.#deps = deps
    this.#wheel = new WakeWheel(deps.clock.now())
  }

  /** Connects and restores the stages. */
  restore(): Promise<void> {
    return this.#connect()
  }

  /** Begins to work on what is queued. */
  begin(): void {
    this.#tick()
    this.#done = this.#run()
  }

  get full(): boolean {
    return this.#full
  }

  get queuedRows(): number {
    return this.#queue.rows
  }

  submit(item: Item): void {
    if (this.#closed) {
      item.settle(AWAY)
      return
    }
    this.#queue.push(item)
    if (this.#queue.rows > FULL_ROWS || this.#queue.bytes > FULL_BYTES) this.#full = true
    this.#signal()
  }

  /** Runs a batch even if nothing is queued, so that what is written behind gets its turn. */
  poke(): void {
    this.#poked = true
    this.#signal()
  }

  /** Works off what is queued, then stops. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopTicks()
    this.#signal()
    await this.#done
    await this.#link?.end(1)
  }

  #signal(): void {
    this.#wakeLoop?.()
    this.#wakeLoop = undefined
  }

  #tick(): void {
    this.#stopTicks = this.#deps.clock.after(TICK_MS, () => {
      const at = this.#deps.clock.now()
      for (const device of this.#wheel.due(at)) {
        this.submit({ kind: 'timer', device, at, receivedAt: 0, settle: () => {} })
      }
      this.poke()
      if (!this.#closed) this.#tick()
    })
  }

  async #run(): Promise<void> {
    while (!(this.#closed && this.#queue.rows === 0)) {
      if (this.#queue.rows === 0 && !this.#poked) {
        await new Promise<void>((resolve) => {
          this.#wakeLoop = resolve
        })
        // What else is in the sockets' buffers joins the batch.
        await new Promise(setImmediate)
      }
      this.#poked = false
      const items = this.#queue.take(BATCH_ROWS, BATCH_BYTES)
      this.#relieve()
      await this.#work(items)
    }
  }

  #relieve(): void {
    if (!this.#full || this.#queue.rows > FULL_ROWS / 2 || this.#queue.bytes > FULL_BYTES / 2)
      return
    this.#full = false
    this.#deps.onDrain()
  }

  /** Runs `items` to their end: stored, refused, or given back. */
  async #work(items: readonly Item[]): Promise<void> {
    for (;;) {
      try {
        await this.#transact(items)
        this.#downSince = undefined
        return
      } catch (error) {
        if (this.#isDown(error)) {
          if (await this.#recover(items)) continue
          return
        }
        if (await this.#isolate(items, error)) return
      }
    }
  }

  #isDown(error: unknown): boolean {
    return databaseIsDown(error) || !this.#link?.alive
  }

  /**
   * Waits until the database is back. True when `items` are still to be run; false when the
   * patience ended before, or the lane closed: then they, and whatever came meanwhile, were given
   * back unacknowledged.
   */
  async #recover(items: readonly Item[]): Promise<boolean> {
    const { clock, log, index } = this.#deps
    this.#downSince ??= clock.now()
    log.warn({ lane: index }, 'database away')
    let held = items
    for (let tries = 0; !(await this.#reconnected()); tries++) {
      if (this.#closed || clock.now() - this.#downSince > PATIENCE_MS) {
        this.#giveBack(held)
        held = []
      }
      if (this.#closed) return false
      await new Promise((resolve) => setTimeout(resolve, Math.min(50 * 2 ** tries, 500)))
    }
    log.warn({ lane: index }, 'database back')
    return held === items
  }

  #giveBack(items: readonly Item[]): void {
    for (const item of [...items, ...this.#queue.drain()]) item.settle(AWAY)
    this.#relieve()
  }

  async #reconnected(): Promise<boolean> {
    try {
      await this.#connect()
      return true
    } catch (error) {
      if (!databaseIsDown(error)) {
        this.#deps.log.error({ lane: this.#deps.index, err: error }, 'lane cannot restore')
      }
      return false
    }
  }

  async #connect(): Promise<void> {
    await this.#link?.end(0)
    this.#link = new LaneLink(this.#deps.open)
    const sql = await this.#link.sql()
    await this.#link.guarded(takeTurn(sql, this.#deps.index))
    this.#stages = await this.#link.guarded(this.#restore(sql))
  }

  async #restore(sql: PipelineSql): Promise<AnyStage[]> {
    const { index, factories, owns } = this.#deps
    const wake = (device: Device, at: number) => this.#wheel.wake(device, at)
    const stages: AnyStage[] = []
    for (const make of factories) stages.push(await make({ index, sql, owns, wake }))
    return stages
  }

  /** One batch, one transaction. Throws when nothing was committed, or when nobody knows. */
  async #transact(items: readonly Item[]): Promise<void> {
    const link = this.#link
    if (!link?.alive) throw new Error('the lane has no connection')
    const sql = await link.sql()
    const batch = this.#open(items)
    const begun = performance.now()
    for (const stage of this.#stages) {
      const loading = stage.load?.(sql, batch.batch)
      if (loading) await link.guarded(loading)
    }
    if (!link.alive) throw new Error('the connection was lost')
    const loaded = performance.now()
    const drafts = this.#stages.map((stage) => ({ stage, draft: stage.plan(batch.batch) }))
    const planned = performance.now()
    await link.guarded(commit(sql, drafts, batch.batch))
    const written = performance.now()
    for (const { stage, draft } of drafts) stage.apply(draft)
    for (const [device, at] of batch.wakes) this.#wheel.wake(device, at)
    for (const item of items) item.settle(STORED)
    this.#deps.onCommit(batch.batch)
    this.#count(items.length, [begun, loaded, planned, written])
  }

  #open(items: readonly Item[]): { batch: Batch; wakes: [Device, number][] } {
    const wakes: [Device, number][] = []
    const facts: EventDraft[] = []
    const now = this.#deps.clock.nowMicros()
    this.#lastMicros = Math.max(this.#lastMicros, now - items.length)
    for (const item of items) item.receivedAt = ++this.#lastMicros
    const wake = (device: Device, at: number) => wakes.push([device, at])
    return { batch: { at: this.#deps.clock.now(), items, facts, wake }, wakes }
  }

  /**
   * Halves a batch that failed until the culprit stands alone. What PostgreSQL cannot store
   * (SQLSTATE class 22, 23 or 54) is refused for good; after any other fault, which is a bug, the
   * culprit is given back unacknowledged and the rest is stored. False: simply try again.
   */
  async #isolate(items: readonly Item[], error: unknown): Promise<boolean> {
    const code = String((error as { code?: unknown }).code ?? '')
    if (code === '40001' || code === '40P01') return false
    const poison = /^(2[23]|54)...$/.test(code)
    if (!poison) this.#deps.log.error({ err: error, items: items.length }, 'batch failed')
    const [only] = items
    if (items.length <= 1) {
      if (only && poison) this.#deps.onPoison(only, (error as Error).message)
      else only?.settle(AWAY)
      return true
    }
    const middle = items.length >> 1
    await this.#work(items.slice(0, middle))
    await this.#work(items.slice(middle))
    return true
  }

  #count(rows: number, [begun = 0, loaded = 0, planned = 0, written = 0]: readonly number[]): void {
    const stats = this.stats
    stats.batches++
    stats.rows += rows
    stats.loadMs += loaded - begun
    stats.planMs += planned - loaded
    stats.writeMs += written - planned
    stats.applyMs += performance.now() - written
  }
}

/** Writes the drafts and the facts of a batch in one transaction. Throws when it is not there whole. */
async function commit(
  sql: PipelineSql,
  drafts: readonly { stage: AnyStage; draft: unknown }[],
  batch: Batch,
): Promise<void> {
  // Statements are pipelined: none waits for the one before. After a failure the server skips
  // the rest and answers the commit with ROLLBACK, so the batch is there whole or not at all.
  const begin = sql.unsafe('begin').execute()
  const writes = drafts.flatMap(({ stage, draft }) => stage.write(sql, draft))
  const events = emit(sql, batch.facts, batch.at)
  const commit = sql.unsafe('commit').execute()
  const all = Promise.allSettled([begin, ...writes, events, commit])
  const results = await all
  for (const result of results) if (result.status === 'rejected') throw result.reason
  if ((await commit).command !== 'COMMIT') throw new Error('the batch was rolled back')
}

/**
 * Waits until no former connection of the lane, of this process or of one that was killed, is still
 * at its last batch: what that commits must be there when the stages are restored.
 */
const takeTurn = (sql: PipelineSql, lane: number): Promise<unknown> =>
  sql`select pg_advisory_lock(hashtext('pulse.lane'), ${lane}::int)`.execute()

const STORED: Outcome = { kind: 'stored' }
/** Not durable, not refused: the sender must come again. */
const AWAY: Outcome = { kind: 'away' }
