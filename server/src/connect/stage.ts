import type { PipelineSql } from '#platform'
import type { Device } from '#registry'
import type { Batch } from './items.ts'

/**
 * A stage of the pipeline: Stream, State, Rules, Actions, in this order.
 *
 * `load` reads what the batch needs and the caches lack, in at most one query. `plan` is pure: it
 * reads the batch and the caches, and returns a draft; it changes no cache. `write` returns the
 * statements of the draft, which are pipelined on the lane's connection; `apply` puts the draft
 * into the caches after the commit. A draft of a batch that was rolled back is thrown away.
 */
export interface Stage<Draft> {
  readonly name: string
  load?(sql: PipelineSql, batch: Batch): Promise<void> | undefined
  plan(batch: Batch): Draft
  write(sql: PipelineSql, draft: Draft): readonly Promise<unknown>[]
  apply(draft: Draft): void
}

/** A stage whose draft nobody else looks into. */
// biome-ignore lint/suspicious/noExplicitAny: an existential type; each stage sees its own draft only
export type AnyStage = Stage<any>

/** What makes the stages of one lane; each lane has its own caches, since it is the one writer of its keys. */
export interface StageFactory {
  /** Restores what must be in memory before the first batch, and asks for wake-ups. */
  (lane: LaneContext): Promise<AnyStage>
}

export interface LaneContext {
  readonly index: number
  readonly sql: PipelineSql
  /** True for devices of this lane. */
  owns(deviceId: number): boolean
  wake(device: Device, at: number): void
}
