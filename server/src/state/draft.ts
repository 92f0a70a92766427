import type { Batch } from '#connect'
import type { Device } from '#registry'
import type { Head } from './head.ts'

/** A device changes its status. */
export interface Transition {
  readonly device: Device
  readonly status: Head['status']
  readonly at: number
}

/** What a batch makes of the heads and the presence, before it is committed. */
export interface Draft {
  readonly batch: Batch
  readonly transitions: readonly Transition[]
  readonly sessions: ReadonlyMap<number, Head>
  readonly flushed: readonly Head[]
  readonly indexed: readonly Head[]
  /** Everything received up to here is written once this draft is; epoch microseconds. */
  readonly through: number
}
